"""What is wrong between agents and DeepSeek, and how to put it right: one ordered list.

Order matters on the request's side: names, calls and roles before what depends on them, the
thinking mode before the effort that it forbids, and reasoning last, when the messages are final.
To add a repair, write one file with one value and add its line here.
"""

from __future__ import annotations

from dsfix.repairs.additional_tools import ADDITIONAL_TOOLS
from dsfix.repairs.agent_messages import AGENT_MESSAGES
from dsfix.repairs.base import Repair
from dsfix.repairs.billing_header import BILLING_HEADER
from dsfix.repairs.client_metadata import CLIENT_METADATA
from dsfix.repairs.content_blocks import CONTENT_BLOCKS
from dsfix.repairs.context_guard import CONTEXT_GUARD
from dsfix.repairs.custom_tools import CUSTOM_TOOLS
from dsfix.repairs.dsml import DSML
from dsfix.repairs.effort import EFFORT
from dsfix.repairs.empty_content import EMPTY_CONTENT
from dsfix.repairs.encoding import ENCODING
from dsfix.repairs.error_shape import ERROR_SHAPE
from dsfix.repairs.foreign_thinking import FOREIGN_THINKING
from dsfix.repairs.max_tokens import MAX_TOKENS
from dsfix.repairs.missing_thinking import MISSING_THINKING
from dsfix.repairs.model_name import MODEL_NAME
from dsfix.repairs.reasoning_field import REASONING_FIELD
from dsfix.repairs.response_model import RESPONSE_MODEL
from dsfix.repairs.roles import ROLES
from dsfix.repairs.signature import SIGNATURE
from dsfix.repairs.small_calls import SMALL_CALLS
from dsfix.repairs.thinking_mode import THINKING_MODE
from dsfix.repairs.thinking_replay import THINKING_REPLAY
from dsfix.repairs.tool_choice import TOOL_CHOICE
from dsfix.repairs.tool_names import TOOL_NAMES
from dsfix.repairs.tool_pairing import TOOL_PAIRING
from dsfix.repairs.tool_schema import TOOL_SCHEMA
from dsfix.repairs.tool_search import TOOL_SEARCH
from dsfix.repairs.user_id import USER_ID

REPAIRS: tuple[Repair, ...] = (
    # the answer as the model meant it, before anything else reads it
    DSML,
    # the request, in this order
    ENCODING,
    BILLING_HEADER,
    USER_ID,
    CLIENT_METADATA,
    MODEL_NAME,
    ADDITIONAL_TOOLS,
    TOOL_SEARCH,
    TOOL_PAIRING,
    ROLES,
    AGENT_MESSAGES,
    TOOL_SCHEMA,
    TOOL_NAMES,
    CUSTOM_TOOLS,
    CONTENT_BLOCKS,
    EMPTY_CONTENT,
    MAX_TOKENS,
    THINKING_MODE,
    SMALL_CALLS,
    TOOL_CHOICE,
    EFFORT,
    THINKING_REPLAY,
    CONTEXT_GUARD,
    REASONING_FIELD,
    # the answer
    RESPONSE_MODEL,
    SIGNATURE,
    MISSING_THINKING,
    ERROR_SHAPE,
)
# Toward an upstream that signs its own thinking and takes no other (Anthropic): nothing else
# there is rewritten, signed or left without attribution.
TOWARD_SIGNERS: tuple[Repair, ...] = (FOREIGN_THINKING,)
LISTED: tuple[Repair, ...] = (*REPAIRS, *TOWARD_SIGNERS)
NAMES: tuple[str, ...] = tuple(repair.name for repair in LISTED)


def without(disabled: frozenset[str], *, signs: bool = False) -> tuple[Repair, ...]:
    """The repairs toward an upstream, less those that the user turned off.

    One that signs its own thinking has none of DeepSeek's rules.
    """
    chosen = TOWARD_SIGNERS if signs else REPAIRS
    return tuple(repair for repair in chosen if repair.name not in disabled)
