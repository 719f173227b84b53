"""Assembles the parts and runs them: processes, scheduled jobs, the Flask app."""
