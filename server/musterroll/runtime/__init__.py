"""How the parts are put together and run: processes, jobs, the app."""
