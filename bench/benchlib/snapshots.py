"""Measurements on snapshots: resets a second, time to restore a booted guest."""
from .session import Unavailable


def resets(session):
    raise Unavailable("resetting a guest in memory has not landed yet")


def restore(session):
    raise Unavailable("snapshot files have not landed yet")
