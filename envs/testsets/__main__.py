"""python -m envs.testsets build NAME [FOLDER]: makes a test set, for maintainers."""

import sys

from envs.testsets import HERE, TestSetError, build


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3) or arguments[0] != "build":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        files = build(arguments[1], folder=arguments[2] if len(arguments) == 3 else HERE, progress=True)
    except TestSetError as error:
        print(error, file=sys.stderr)
        return 2
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
