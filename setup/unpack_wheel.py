"""unpack_wheel.py ARCHIVE FOLDER PATTERN...: unpacks the files whose path matches one of the patterns."""

import sys
import zipfile
from fnmatch import fnmatchcase


def main(wheel: str, folder: str, *patterns: str) -> int:
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if any(fnmatchcase(n, p) for p in patterns)]
        unmatched = [p for p in patterns if not any(fnmatchcase(n, p) for n in names)]
        if unmatched:
            print(f"{wheel} has no file {' or '.join(unmatched)}", file=sys.stderr)
            return 1
        archive.extractall(folder, names)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
