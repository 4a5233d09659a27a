"""Secrets are taken out however a language spells them."""

from __future__ import annotations

import json

import pytest

from dsfix.redact import Redactor


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCY", r"wJalrXUtnFEMI\/K7MDENG+bPxRfiCY"),  # json_encode
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCY", r"wJalrXUtnFEMI/K7MDENG\u002BbPxRfiCY"),  # .NET
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "wJalrXUtnFEMI/K7MDENG%2BbPxRfiCY"),  # urllib's quote
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "wJalrXUtnFEMI%2fK7MDENG%2bbPxRfiCY"),
        ("P@ss!w0rd(2)*&1", "P%40ss!w0rd(2)*%261"),  # encodeURIComponent
        ("P@ss!w0rd(2)*&1", r"P@ss!w0rd(2)*\u00261"),  # Go
        ("P@ss!w0rd(2)*&1", "P@ss!w0rd(2)*&amp;1"),
        ("correct horse battery", "correct+horse+battery"),
        ('with "quotes" in it', json.dumps(json.dumps('with "quotes" in it'))[3:-3]),
    ],
)
def test_known_values_are_found_as_other_languages_write_them(value: str, spelled: str) -> None:
    """Each leaves other characters as they are."""
    assert spelled != value
    assert Redactor({value: "db"}).text(f"is {spelled} then") == "is [REDACTED:db] then"
