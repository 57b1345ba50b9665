"""What the symbols of evidence look like in tables, and what they mean."""

from __future__ import annotations

STYLES = {"P": "green", "E": "green", "S": "cyan", "V": "bold yellow", "✗": "red", "?": "dim"}

LEGENDS = {
    "modes": "→n shown in n steps  P any number  E every state  – none  ✗ failed  ? unknown",
    "claims": "P any number  E every state  S sampled  V vacuous  ✗n broken in n  ? unknown",
}
"""What the symbols of each matrix of the catalogue say."""
