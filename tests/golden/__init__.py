"""Databases as each landing left them, and what makes and checks them."""
