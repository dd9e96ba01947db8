"""Packages whose names are imported when they are used have all the names that they promise."""

import pkgutil
from types import ModuleType

import pytest

from pytest_linkcheck import installs, links
from pytest_linkcheck.installs import installers

PACKAGES = pytest.mark.parametrize(
    "package", [links, installs, installers], ids=lambda package: package.__name__
)


@PACKAGES
def test_each_name_is_there_and_no_module(package: ModuleType) -> None:
    for name in package.__all__:
        assert not isinstance(getattr(package, name), ModuleType)


@PACKAGES
def test_no_module_will_hide_a_name(package: ModuleType) -> None:
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(package.__all__)


@PACKAGES
def test_what_is_not_there_is_said_to_be_missing(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=rf"'{package.__name__}' has no attribute 'nothing'"):
        _ = package.nothing
