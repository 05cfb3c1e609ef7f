"""Gives every second request the id of something that is there: chance alone never finds one."""

import itertools
import json
import os

import schemathesis

THINGS = json.loads(os.environ.get("TWOBOT_THINGS", "{}"))
TURN = itertools.count()


def things_of(path):
    """What the first parameter of a path names: the word before it says."""
    before = path.split("{")[0].strip("/").split("/")[-1]
    return THINGS.get(before, [])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    things = things_of(context.operation.path) if path_parameters else []
    turn = next(TURN)
    if not things or turn % 2:
        return path_parameters
    first = next(iter(path_parameters))
    return {**path_parameters, first: things[turn // 2 % len(things)]}
