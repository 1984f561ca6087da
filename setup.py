"""Builds from nothing; everything else is in pyproject.toml."""

import shutil

from setuptools import setup
from setuptools.command.build import build


class Build(build):
    """A build without what an earlier one left, which would get into the wheel."""

    def run(self) -> None:
        """Build."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build": Build})
