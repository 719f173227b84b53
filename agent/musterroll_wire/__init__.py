"""The wire contract, version 1: topics and messages. Standard library only; imports nothing of ours."""

VERSION = 1
