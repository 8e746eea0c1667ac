# SPDX-License-Identifier: Apache-2.0
"""What script/bootstrap installs is what script/requirements-*.in ask for: one version of each package, with its hashes."""
import re
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "script"
NAMES = sorted(path.stem.removeprefix("requirements-") for path in SCRIPT.glob("requirements-*.in"))
IN_VENV = ("build", "cmake", "cuda", "lint", "peers")  # one after the other into the same environment


def words(kind, name):
    """The requirements, each with its options on one line."""
    text = (SCRIPT / f"requirements-{name}.{kind}").read_text().replace("\\\n", " ")
    return [line for line in (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()) if line]


def version(line):
    """(name, version) of name==version, written as the compiled files write it."""
    package, _, rest = line.partition("==")
    return package.strip().lower().replace("_", "-"), rest.split()[0] if rest else None


def compiled(name):
    return dict(map(version, words("txt", name)))


class Requirements(unittest.TestCase):
    def test_each_file_is_compiled_and_none_is_left_over(self):
        self.assertEqual({path.name for path in SCRIPT.glob("requirements-*.txt")}, {f"requirements-{name}.txt" for name in NAMES})
        self.assertIn("build", NAMES)

    def test_each_package_has_one_version_and_hashes(self):
        for name in NAMES:
            for line in words("txt", name):
                with self.subTest(name=name, line=line[:60]):
                    self.assertRegex(line, r"^[\w.-]+==[\w.!+]+( ;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+$")

    def test_what_is_asked_for_is_what_is_installed(self):
        for name in NAMES:
            for line in words("in", name):
                package, asked = version(line)
                with self.subTest(name=name, package=package):
                    package = re.split(r"[<>]", package)[0]
                    self.assertIn(package, compiled(name))
                    self.assertIn(asked, (None, compiled(name)[package]))

    def test_one_environment_has_one_version_of_a_package(self):
        found = {}
        for name in IN_VENV:
            for package, pinned in compiled(name).items():
                self.assertEqual(found.setdefault(package, pinned), pinned, f"{package} in requirements-{name}.txt")

    def test_the_wheel_depends_on_what_it_is_built_with(self):
        project, build = (SCRIPT.parent / "pyproject.toml").read_text(), compiled("build")
        major_and_minor = {name: ".".join(build[name].split(".")[:2]) for name in ("torch", "pyarrow")}
        self.assertIn(f'"torch=={build["torch"]}"', project)
        self.assertIn(f'"pyarrow=={major_and_minor["pyarrow"]}.*"', project)  # its library's name has these two
        self.assertIn(f'result = "{{value}}+torch{major_and_minor["torch"]}"', project)
        self.assertIn(f'requires = ["scikit-build-core=={compiled("wheel")["scikit-build-core"]}"]', project)


if __name__ == "__main__":
    unittest.main()
