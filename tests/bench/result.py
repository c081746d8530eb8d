"""What a benchmark reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line of the table. `ratio` compares `value` with `reference_value`, both measured in the same run."""

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratio: float
    aim: str
