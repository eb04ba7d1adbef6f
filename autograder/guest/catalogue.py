"""What a witness can be asked, and what can be built for it: the grader's own and a course's.

A course keeps probes and builders that only it needs in modules of its folder ``probes/``. They
import the guest, the libraries, and one another. As they run beside the student's code, they hold
no right answer and no comparison; their text travels into the sandbox with the inputs that need it.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from autograder.guest import probes, recipes
from autograder.guest.probes import Probe
from autograder.guest.recipes import Builder, Recipe

PACKAGE = "probes_of_the_course"
"""The package that a course's modules are where they have travelled to."""


class UnknownProbe(ValueError):
    """A probe whose name nothing here answers to."""


class UnknownRecipe(ValueError):
    """A recipe whose name nothing here builds."""


@dataclass(frozen=True)
class Catalogue:
    """Probes and builders by name."""

    probes: Mapping[str, Probe]
    builders: Mapping[str, Builder]

    @classmethod
    def of(cls, modules: Iterable[ModuleType]) -> Catalogue:
        """Return what some modules define besides the grader's own."""
        values = [
            value for module in (probes, recipes, *modules) for value in vars(module).values()
        ]
        return cls(
            {each.name: each for each in values if isinstance(each, Probe)},
            {each.name: each for each in values if isinstance(each, Builder)},
        )

    def probe(self, name: str) -> Probe:
        """Return the probe of that name.

        Raises
        ------
        UnknownProbe
        """
        if name not in self.probes:
            raise UnknownProbe(f"no probe {name!r}; there are {', '.join(sorted(self.probes))}")
        return self.probes[name]

    def builder(self, recipe: Recipe) -> Builder:
        """Return what a recipe is built with.

        Raises
        ------
        UnknownRecipe
        """
        if recipe.name not in self.builders:
            known = ", ".join(sorted(self.builders))
            raise UnknownRecipe(f"no recipe {recipe.name!r}; there are {known}")
        return self.builders[recipe.name]

    def build(self, value: Any) -> Any:
        """Return what a recipe builds, and anything else as it is.

        Raises
        ------
        UnknownRecipe
        """
        return self.builder(value).build(*value.args) if isinstance(value, Recipe) else value


GENERIC = Catalogue.of(())


def arrived(sources: Mapping[str, str]) -> Catalogue:
    """Return the catalogue with a course's modules that have travelled here.

    Parameters
    ----------
    sources
        Their texts by name; each stands behind those that it imports.
    """
    return Catalogue.of(list(_modules(sources)))


def _modules(sources: Mapping[str, str]) -> Iterator[ModuleType]:
    package = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
    package.__path__ = []
    for name, source in sources.items():
        full = f"{PACKAGE}.{name}"
        module = sys.modules.get(full)
        if module is None:
            module, filename = ModuleType(full), f"<{full}>"
            module.__package__ = PACKAGE
            linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
            sys.modules[full] = module  # dataclasses look their module up
            exec(compile(source, filename, "exec"), vars(module))  # noqa: S102 - our own code
        yield module
