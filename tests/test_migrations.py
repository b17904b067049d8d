"""Migrations: the last one is what the models say, they go up and down, and they import nothing of the project."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

FOLDER = Path(__file__).parents[1] / "src" / "comity" / "node" / "migrations"


@pytest.mark.django_db
def test_the_models_need_no_further_migration():
    """`makemigrations --check` has nothing to write."""
    call_command("makemigrations", "node", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_they_go_down_and_up_again():
    """Back to nothing and up again: every table is gone, then there."""
    call_command("migrate", "node", "zero", verbosity=0)
    assert "node_act" not in connection.introspection.table_names()
    call_command("migrate", "node", verbosity=0)
    assert "node_act" in connection.introspection.table_names()


def test_they_import_no_code_of_the_project():
    """A migration must run years later, whatever the code has become: only Django and the standard library."""
    for path in FOLDER.glob("0*.py"):
        for item in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in item.names] if isinstance(item, ast.Import) else []
            names += [item.module or ""] if isinstance(item, ast.ImportFrom) else []
            assert not any(name.startswith("comity") for name in names), path.name
