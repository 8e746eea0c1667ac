# SPDX-License-Identifier: Apache-2.0
"""What callgrind has counted, out of a file of its format (callgrind's manual, "Callgrind Format Specification")."""
import re

SELF_COST = re.compile(r"[+\-*\d]\S* (\d+)$")
OBJECT = re.compile(r"ob=\((\d+)\)(?: (.+))?$")
FUNCTION = re.compile(r"fn=\((\d+)\)(?: (.+))?$")


def read_costs(text):
    """{(object, function): instructions of its own, without those of what it calls}"""
    costs, objects, functions = {}, {}, {}
    where = binary = None
    is_of_callee = False
    for line in text.splitlines():
        if match := OBJECT.match(line):
            binary = named(objects, *match.groups())
        elif match := FUNCTION.match(line):
            where = (binary, named(functions, *match.groups()))
        elif line.startswith(("cob=", "cfn=")):  # compressed names may be introduced here
            kind, names = ("cob=", objects) if line.startswith("cob=") else ("cfn=", functions)
            number, name = re.match(re.escape(kind) + r"\((\d+)\)(?: (.+))?$", line).groups()
            named(names, number, name)
        elif line.startswith("calls="):
            is_of_callee = True
        elif match := SELF_COST.match(line):
            if not is_of_callee and where:
                costs[where] = costs.get(where, 0) + int(match.group(1))
            is_of_callee = False
    return costs


def named(names, number, name):
    if name is not None:
        names[number] = name
    return names[number]


def of_object(costs, name):
    """All instructions of the functions of one program or library."""
    return sum(cost for (binary, _), cost in costs.items() if binary.rsplit("/", 1)[-1] == name)


def largest(costs, name, count):
    """[(function, instructions)] of those functions of a program that cost most."""
    own = [(function, cost) for (binary, function), cost in costs.items() if binary.rsplit("/", 1)[-1] == name]
    return sorted(own, key=lambda item: -item[1])[:count]
