"""The edge agent: tells the registry who this unit is and that it is alive. Standard library, paho-mqtt and, where there is one, psutil."""

__version__ = "0.1.0"


class Trouble(Exception):
    """Something a person must know: one sentence that says what is wrong, where, and what to do."""
