"""The public template library as it is shipped, out of `public_templates.txt`; operators keep it from here on."""

from pathlib import Path

from django.db import migrations

FILE = Path(__file__).with_name("public_templates.txt")


def read_templates():
    """Return (fields of a template, fields of each of its keywords) for every template of the file."""
    templates = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("  "):
            templates[-1][1].append(read_keyword(len(templates[-1][1]) + 1, *cells))
        elif line and not line.startswith("#"):
            number, kind, category, title, title_zh = cells
            fields = {"number": int(number), "kind": kind, "category": category, "title": title, "title_zh": title_zh}
            templates.append((fields, []))
    return templates


def read_keyword(number, kind, name, name_zh, example, example_zh):
    """Return the fields of a keyword; the values of an enum stand in place of its examples, parted by slashes."""
    examples = [example, example_zh]
    options = []
    if kind == "enum":
        values = [[value.strip() for value in each.split("/")] for each in examples]
        options, examples = values[0] + values[1], [values[0][0], values[1][0]]
    return {
        "number": number,
        "kind": kind,
        "name": name,
        "name_zh": name_zh,
        "example": examples[0],
        "example_zh": examples[1],
        "options": options,
    }


def fill(template_model, keyword_model):
    """Add every template whose number is not there yet, with its keywords."""
    known = set(template_model.objects.values_list("number", flat=True))
    for fields, keywords in read_templates():
        if fields["number"] not in known:
            template = template_model.objects.create(**fields)
            keyword_model.objects.bulk_create(keyword_model(template=template, **keyword) for keyword in keywords)


def add_templates(apps, schema_editor):
    """Fill the library."""
    fill(apps.get_model("messaging", "PublicTemplate"), apps.get_model("messaging", "PublicKeyword"))


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
