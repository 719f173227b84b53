"""The wire contract, version 1: topics and messages. Standard library only; imports no other package of this project."""

VERSION = 1
