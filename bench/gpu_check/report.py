# SPDX-License-Identifier: Apache-2.0
"""The verdicts: a line each as they come, and all of them at the end."""

PASS, FAIL, NOT_RUN, REHEARSED = "PASS", "FAIL", "NOT RUN", "REHEARSED"


class Report:
    def __init__(self, rehearsal):
        self.rehearsal = rehearsal
        self.claims = []
        self.numbers = {}
        self.part = None

    def begin(self, part):
        """`part` is a function; its docstring says what is looked at, its `claims` what is claimed."""
        self.part = part.__doc__.splitlines()[0]
        print(f"== {self.part}", flush=True)

    def claim(self, text, holds, measured):
        """A claim that was run. What a rehearsal measures is no verdict about GPUs, unless `text` is about answers."""
        self._add(REHEARSED if self.rehearsal else PASS if holds else FAIL, text, measured)

    def answer(self, text, holds, measured):
        """A claim about right answers, which a rehearsal can check too."""
        self._add(PASS if holds else FAIL, text, measured)

    def not_run(self, why, text):
        self._add(NOT_RUN, text, why)

    def failed(self, why, claims):
        """The part broke off: what it would have claimed further was not run."""
        self._add(FAIL, self.part, why)
        said = {claim["claim"] for claim in self.claims}
        for text in claims:
            if text not in said:
                self.not_run("what comes before it failed", text)

    def number(self, name, value):
        """Something measured that no claim is about."""
        self.numbers[name] = value

    def _add(self, verdict, text, measured):
        self.claims.append({"verdict": verdict, "part": self.part, "claim": text, "measured": measured})
        print(f"{verdict:9} {text}: {measured}", flush=True)

    def count(self, verdict):
        return sum(claim["verdict"] == verdict for claim in self.claims)

    def summary(self):
        return ", ".join(f"{self.count(verdict)} {verdict}" for verdict in (PASS, FAIL, NOT_RUN, REHEARSED)
                         if self.count(verdict))

    def exit_code(self):
        if self.count(FAIL):
            return 1
        return 77 if self.count(NOT_RUN) else 0

    def as_json(self):
        return {"claims": self.claims, "numbers": self.numbers, "exit_code": self.exit_code()}
