"""A promise of the product, how often it was tried, and how it failed."""

from dataclasses import dataclass, field


@dataclass
class Promise:
    text: str
    tries: int = 0
    failures: list[str] = field(default_factory=list)

    def check(self, is_kept: bool, what: str) -> None:
        self.tries += 1
        if not is_kept:
            self.failures.append(what)
