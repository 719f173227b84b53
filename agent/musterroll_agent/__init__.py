"""The agent on the device: reports who the unit is and that it is alive. Standard library, paho-mqtt and, where installed, psutil."""

__version__ = "0.1.0"


class AgentError(Exception):
    """Something a person must know: one sentence that says what is wrong, where, and what to do."""
