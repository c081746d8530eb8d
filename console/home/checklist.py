"""A list that ticks itself (P-11): each step is something that the database knows, not something that a person says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class Step:
    """`result` is what became of it, `text` what is to be done or what it waits for, `who` who does it.

    `form` is the template of a form inside the step, which `given` feeds. A step `waits` while its turn is somebody
    else's, and an `optional` one keeps no list open.
    """

    title: Text
    text: Text = ""
    done: bool = False
    result: Text = ""
    who: Text = ""
    action: Text = ""
    url: str = ""
    in_dialog: bool = False
    optional: bool = False
    waits: bool = False
    form: str = ""
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checklist:
    """`heading` and `lead` are at the top of the page; `aside` is the template beside the list, which `given` feeds.

    By its `key` a browser remembers that its reader has hidden it.
    """

    key: str
    heading: Text
    lead: Text
    title: Text
    foot: Text
    steps: list[Step]
    aside: str = ""
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.done for step in self.steps)

    @property
    def current(self) -> Step | None:
        """The next step for the reader, else what they wait for; None when nothing is left that has to be done."""
        left = [step for step in self.steps if not step.done and not step.optional]
        return next((step for step in left if not step.waits), left[0] if left else None)
