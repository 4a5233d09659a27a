"""The prompt cache: blocks of 128 tokens that an earlier prompt of the same user began with.

`hit = floor(common prefix / 128) * 128`, partitioned by user id: measured in
tinkerindustries/agent-harness docs/OBSERVED.md (2026-08-09);
https://api-docs.deepseek.com/guides/kv_cache.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

BLOCK = 128
_BYTES = BLOCK * 4


@dataclass(slots=True)
class PromptCache:
    """Digests of all prefixes seen, one per whole block."""

    _seen: set[bytes] = field(default_factory=set)

    def hit(self, partition: str, prompt: bytes) -> int:
        """The cached tokens of a prompt, which is cached from now on."""
        digest = hashlib.sha256(partition.encode("utf-8", "replace"))
        cached, growing = 0, True
        for end in range(_BYTES, len(prompt) + 1, _BYTES):
            digest.update(prompt[end - _BYTES : end])
            key = digest.digest()
            growing = growing and key in self._seen
            cached += BLOCK if growing else 0
            self._seen.add(key)
        return cached
