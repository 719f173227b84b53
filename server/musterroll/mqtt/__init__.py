"""MQTT 3.1.1 on the wire: packets and streams of them."""
