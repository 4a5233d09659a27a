"""Reasoning that survives the process: stored by turn, found by what agents replay unchanged."""

from __future__ import annotations

from dsfix.memory.origin import OriginMemory
from dsfix.memory.store import Store
from dsfix.memory.writes import DAY

__all__ = ["DAY", "OriginMemory", "Store"]
