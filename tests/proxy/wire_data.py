"""Requests and answers that need no repair, written oddly on purpose."""

from __future__ import annotations

BIG = b"123456789012345678901234567890"
JSON = [("Content-Type", "application/json")]
STREAM = [("Content-Type", "text/event-stream")]
# odd on purpose: order, spacing, escapes, a long integer, a float that must not be reworded
CLEAN = {
    "messages": b'{ "messages" :[ {"content":"caf\\u00e9 \\/ x","role":"user","n":' + BIG + b"}"
    b' ],\n"max_tokens":64000, "x_unknown":{"b":1.0,"a":1e5,"c":1E+2},"model":"deepseek-v4-pro"}',
    "chat": b'{"stream":false ,"messages":[{"role":"user","content":"\\ud83d\\ude00","n":'
    + BIG
    + b'}],"seed":'
    + BIG
    + b',"model":"deepseek-v4-pro","temperature":1.50}  ',
    "responses": b'{"input" :[{"content":"caf\\u00e9","role":"user","n":'
    + BIG
    + b'} ],"store":false, "model":"deepseek-v4-pro","x_unknown":1E+2}',
}
ANSWERS = {
    "messages": b'{"id":"m","type":"message","role":"assistant","model":"deepseek-v4-pro",'
    b'"content":[{"type":"text","text":"caf\\u00e9"}], "stop_reason":"end_turn","big":'
    + BIG
    + b"}",
    "chat": b'{"id":"c","model":"deepseek-v4-pro","choices":[{"index":0,"message":{"role":'
    b'"assistant","content":"ok"},"finish_reason":"stop"}] ,"big":' + BIG + b"}",
    "responses": b'{"id":"r","object":"response","model":"deepseek-v4-pro","status":"completed",'
    b'"output":[{"type":"message","role":"assistant","content":[{"type":"output_text",'
    b'"text":"ok"}]}] ,"big":' + BIG + b"}",
}
EVENTS = {
    "messages": b'event: message_start\r\ndata: {"type":"message_start","message":{"id":"m",'
    b'"model":"deepseek-v4-pro","content":[],"n":' + BIG + b"}}\r\n\r\n: keep-alive\n\n"
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\ndata:{"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"\\u00e9"}}\n\nevent: content_block_stop\n'
    b'data: {"type":"content_block_stop","index":0}\n\nevent: message_delta\ndata: '
    b'{"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\nevent: message_stop\n'
    b'data: {"type":"message_stop"}\n\n',
    "chat": b': keep-alive\n\ndata: {"id":"c", "model":"deepseek-v4-pro","choices":[{"index":0,'
    b'"delta":{"role":"assistant","content":"\\u00e9"},"n":' + BIG + b"}]}\n\n"
    b'data: {"id":"c","model":"deepseek-v4-pro","choices":[{"index":0,"delta":{},'
    b'"finish_reason":"stop"}]}\r\n\r\ndata: [DONE]\n\n',
    "responses": b'event: response.created\r\ndata: {"type":"response.created","response":{"id":'
    b'"r", "model":"deepseek-v4-pro","status":"in_progress","n":' + BIG + b"}}\r\n\r\n"
    b": keep-alive\n\nevent: response.output_text.delta\ndata: "
    b'{"type":"response.output_text.delta","output_index":0,"delta":"\\u00e9"}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","response":{"id":"r",'
    b'"model":"deepseek-v4-pro","status":"completed"}}\n\n',
}
