# Written by makemigrations.

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Act",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("seq", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("by", models.CharField(max_length=2)),
                ("at", models.DateTimeField()),
                ("statement", models.BinaryField()),
                ("pair", models.CharField(max_length=64)),
                ("entry", models.PositiveBigIntegerField(null=True)),
                ("restored", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["seq"],
            },
        ),
        migrations.CreateModel(
            name="Addition",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=150)),
                ("body", models.BinaryField()),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("peer", models.CharField(max_length=2)),
                ("code", models.CharField(max_length=60)),
                ("envelope", models.CharField(blank=True, max_length=64)),
                ("evidence", models.BinaryField(default=b"")),
            ],
        ),
        migrations.CreateModel(
            name="CallFigures",
            fields=[
                ("period", models.CharField(max_length=7, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("value", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="CallPlan",
            fields=[
                ("peer", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("every", models.PositiveSmallIntegerField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("urgency", models.CharField(max_length=10)),
                ("question", models.TextField(blank=True)),
                ("by", models.CharField(max_length=402)),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(db_index=True)),
                ("trouble", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("secret", models.CharField(max_length=64, unique=True)),
                ("organisation", models.CharField(max_length=200)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("communities", models.JSONField(default=list)),
                ("purpose", models.CharField(max_length=60)),
                ("reads", models.JSONField(default=list)),
                ("writes", models.JSONField(default=list)),
                ("blind_objects", models.PositiveBigIntegerField(default=0)),
                ("blind_bytes", models.PositiveBigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=402)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=402)),
            ],
        ),
        migrations.CreateModel(
            name="Community",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("members", models.JSONField()),
                ("purpose", models.CharField(max_length=60)),
                ("hops", models.PositiveSmallIntegerField()),
                ("proposed_by", models.CharField(max_length=2)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name", "made_at"],
            },
        ),
        migrations.CreateModel(
            name="Copy",
            fields=[
                ("what", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("source", models.CharField(db_index=True, max_length=2)),
                ("hops", models.PositiveBigIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("direct", models.BooleanField()),
                ("withdrawn", models.PositiveBigIntegerField(default=0)),
                ("origin", models.BinaryField(default=b"")),
                ("origin_hops", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CopyReport",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("what", models.CharField(db_index=True, max_length=64)),
                ("by", models.CharField(max_length=2)),
                ("concern", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("statement", models.BinaryField()),
                ("object", models.BinaryField(default=b"")),
            ],
            options={
                "ordering": ["-at", "digest"],
            },
        ),
        migrations.CreateModel(
            name="CopyStanding",
            fields=[
                ("source", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("notice", models.BinaryField()),
                ("raw", models.BinaryField(default=b"")),
                ("at", models.BigIntegerField()),
                ("let_out_at", models.DateTimeField(null=True)),
                ("turns", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="FiguresHeard",
            fields=[
                ("state", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("value", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("other", models.BinaryField(default=b"")),
            ],
        ),
        migrations.CreateModel(
            name="FiguresRelease",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("through", models.CharField(max_length=7)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=402)),
                ("value", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Indexed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("objects_to", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Kept",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="ListingEnd",
            fields=[
                ("reference", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("state", models.CharField(db_index=True, max_length=2)),
                ("version", models.PositiveIntegerField()),
                ("stage", models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="LogHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Peer",
            fields=[
                ("state", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("entry", models.BinaryField()),
                ("fingerprint", models.CharField(max_length=100)),
                ("pinned_at", models.DateTimeField()),
                ("pinned_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                ("reference", models.CharField(max_length=28, primary_key=True, serialize=False)),
                ("peer", models.CharField(db_index=True, max_length=2)),
                ("need", models.CharField(db_index=True, max_length=24)),
                ("offer", models.CharField(db_index=True, max_length=24)),
                ("opened_at", models.DateTimeField()),
                ("stage", models.CharField(default="new", max_length=10)),
                ("units", models.PositiveIntegerField(default=0)),
                ("unit", models.CharField(blank=True, max_length=10)),
                ("confirmed", models.PositiveIntegerField(default=0)),
                ("of_need", models.PositiveIntegerField(default=0)),
                ("of_offer", models.PositiveIntegerField(default=0)),
                ("asked", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-opened_at", "reference"],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("code", models.CharField(max_length=60)),
                ("reason", models.TextField()),
                ("size", models.PositiveBigIntegerField()),
                ("head", models.BinaryField()),
                ("path", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Relearning",
            fields=[
                ("state", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("since", models.DateTimeField(null=True)),
                ("asked", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("receipt", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("language", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("words", models.BinaryField()),
                ("size", models.PositiveIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Restore",
            fields=[
                ("entry", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("statement", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SelfAnswer",
            fields=[
                ("question", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("yes", models.BooleanField()),
                ("evidence", models.CharField(max_length=1000)),
                ("officer", models.CharField(max_length=402)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SharingDeed",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=10)),
                ("what", models.CharField(db_index=True, max_length=64)),
                ("to", models.JSONField(default=list)),
                ("by", models.CharField(max_length=402)),
                ("at", models.DateTimeField()),
                ("statement", models.BinaryField()),
                ("entry", models.PositiveBigIntegerField()),
            ],
            options={
                "ordering": ["-entry"],
            },
        ),
        migrations.CreateModel(
            name="Stamper",
            fields=[
                ("address", models.CharField(max_length=500, primary_key=True, serialize=False)),
                ("next_at", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name="Talk",
            fields=[
                ("peer", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("settled", models.BooleanField(default=False)),
                ("doubted", models.BooleanField(default=False)),
                ("heard", models.PositiveBigIntegerField(default=0)),
                ("heard_at", models.FloatField(default=0)),
                ("heard_since", models.FloatField(default=0)),
                ("greetings", models.PositiveSmallIntegerField(default=0)),
                ("greeting", models.CharField(blank=True, max_length=32)),
                ("figures_at", models.DateTimeField(null=True)),
                ("form", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Witnessed",
            fields=[
                ("origin", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("size", models.PositiveBigIntegerField()),
                ("root", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Officer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                ("full_name", models.CharField(max_length=200)),
                ("office", models.CharField(max_length=200)),
                ("powers", models.JSONField(default=list)),
                ("language", models.CharField(default="en", max_length=10)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("hop", models.CharField(max_length=2)),
                ("number", models.PositiveBigIntegerField(null=True)),
                ("after", models.JSONField(default=list)),
                ("lacks", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                ("entry", models.PositiveBigIntegerField()),
                ("words", models.PositiveSmallIntegerField(default=0)),
                ("said_at", models.BigIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("admitted", "Admitted"), ("refused", "Refused")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("handed", models.BooleanField(default=False)),
                ("code", models.CharField(blank=True, max_length=60)),
                ("reason", models.TextField(blank=True)),
                (
                    "act",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="arrival", to="node.act"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Bulletin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series", models.CharField(max_length=36)),
                ("version", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=10)),
                ("texts", models.JSONField(default=dict)),
                ("objects_named", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=402)),
                ("withdrawn", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("series", "version"), name="bulletin_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("peer", models.CharField(max_length=2)),
                ("ours", models.BooleanField()),
                ("statement", models.BinaryField()),
                ("envelope", models.CharField(db_index=True, max_length=64)),
                ("hop", models.CharField(max_length=2)),
                ("at", models.DateTimeField()),
                ("due", models.DateTimeField(db_index=True)),
                ("came_at", models.DateTimeField()),
                ("kept_at", models.DateTimeField(null=True)),
                ("kept_known_at", models.DateTimeField(null=True)),
                ("answer", models.BinaryField(default=b"")),
                ("answer_envelope", models.CharField(blank=True, max_length=64)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer_known_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-at", "digest"],
                "indexes": [models.Index(fields=["ours", "peer", "due"], name="call_of_peer")],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("reference", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("requesting", models.CharField(max_length=2)),
                ("requested", models.CharField(max_length=2)),
                ("measure", models.CharField(max_length=30)),
                ("follows", models.CharField(blank=True, max_length=20)),
                ("opened_at", models.DateTimeField()),
                ("fresh", models.BooleanField(default=True)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("fresh", True)), fields=["reference"], name="case_fresh")],
            },
        ),
        migrations.AddField(
            model_name="act",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="node.case"),
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField(unique=True)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("alias", models.CharField(blank=True, max_length=60)),
                ("rules", models.JSONField(default=dict)),
                ("ruled_at", models.DateTimeField(null=True)),
                ("ruled_by", models.CharField(blank=True, max_length=402)),
                ("newest", models.CharField(blank=True, max_length=27)),
                ("reviewed", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=402)),
            ],
            options={
                "ordering": ["made_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("alias", ""), _negated=True),
                        fields=("alias",),
                        name="collection_alias_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CommunityMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=2)),
                ("agrees", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(blank=True, max_length=402)),
                ("statement", models.BinaryField(default=b"")),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="words", to="node.community"
                    ),
                ),
            ],
            options={
                "ordering": ["state"],
            },
        ),
        migrations.CreateModel(
            name="Container",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("size", models.PositiveBigIntegerField()),
                ("peer", models.CharField(max_length=2)),
                ("outgoing", models.BooleanField()),
                ("complete", models.BooleanField(default=False)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="containers", to="node.case"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Contested",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_id", models.CharField(db_index=True, max_length=120)),
                ("version", models.CharField(blank=True, max_length=27)),
                ("digest", models.CharField(max_length=64)),
                ("raw", models.BinaryField(default=b"")),
                ("by", models.CharField(max_length=150)),
                ("source", models.CharField(blank=True, max_length=2)),
                ("communities", models.JSONField(default=list)),
                ("code", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("envelope", models.CharField(blank=True, max_length=64)),
                ("told", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("out", "Out"), ("in", "In")], default="open", max_length=4
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(blank=True, max_length=402)),
                ("reason", models.TextField(blank=True)),
                ("collection", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="node.collection")),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CopyAcknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveBigIntegerField()),
                ("by", models.CharField(max_length=2)),
                ("deed", models.CharField(max_length=10)),
                ("passed_to", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("statement", models.BinaryField()),
            ],
            options={
                "ordering": ["number", "by"],
                "constraints": [models.UniqueConstraint(fields=("number", "by"), name="copy_acknowledgement_once")],
            },
        ),
        migrations.CreateModel(
            name="CopyHolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=2)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("what", "state"), name="copy_holder_once")],
            },
        ),
        migrations.CreateModel(
            name="CopyPath",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=2)),
                ("state", models.CharField(max_length=2)),
                ("outward", models.BooleanField()),
                ("communities", models.JSONField(default=list)),
                ("purpose", models.CharField(blank=True, max_length=60)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["source", "outward", "state"], name="copy_path_of_source")],
                "constraints": [models.UniqueConstraint(fields=("what", "state", "outward"), name="copy_path_once")],
            },
        ),
        migrations.CreateModel(
            name="CopyRecall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=2)),
                ("number", models.PositiveBigIntegerField()),
                ("what", models.CharField(db_index=True, max_length=64)),
                ("notice", models.BinaryField()),
                ("raw", models.BinaryField(default=b"")),
            ],
            options={
                "ordering": ["source", "number"],
                "constraints": [models.UniqueConstraint(fields=("source", "number"), name="copy_recall_once")],
            },
        ),
        migrations.CreateModel(
            name="CopyTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=2)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("digest", "state"), name="copy_told_once")],
            },
        ),
        migrations.CreateModel(
            name="Cosigned",
            fields=[
                ("witness", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("head", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="node.checkpoint")),
            ],
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("peer", models.CharField(max_length=2)),
                ("says", models.CharField(db_index=True, max_length=64)),
                ("number", models.PositiveBigIntegerField()),
                ("after", models.JSONField(default=list)),
                ("statement", models.BinaryField(default=b"")),
                ("made_at", models.DateTimeField()),
                ("stage", models.CharField(default="relay", max_length=12)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.FloatField()),
                ("since", models.BigIntegerField()),
                ("told", models.BooleanField(default=False)),
                ("relayed", models.BooleanField(default=False)),
                ("pending", models.BooleanField(default=False)),
                ("trouble", models.CharField(blank=True, max_length=200)),
                ("words", models.PositiveSmallIntegerField(default=0)),
                ("said_at", models.BigIntegerField(default=0)),
                ("witnessed", models.BooleanField(default=False)),
                ("prove_at", models.FloatField(default=0)),
                (
                    "act",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="departure", to="node.act"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EntryVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=2)),
                ("version", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("data", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
                ("entry", models.PositiveBigIntegerField()),
                (
                    "standing",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("left", "Left"), ("fork", "Fork"), ("settled", "Settled")],
                        default="accepted",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["version", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("state", "digest"), name="entry_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("standing", "accepted")),
                        fields=("state", "version"),
                        name="entry_version_accepted_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=500)),
                ("remote", models.CharField(max_length=120)),
                ("direction", models.CharField(choices=[("pull", "Pull"), ("push", "Push")], max_length=4)),
                ("user", models.CharField(blank=True, max_length=150)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("communities", models.JSONField(default=list)),
                ("purpose", models.CharField(blank=True, max_length=60)),
                ("every", models.PositiveIntegerField()),
                ("most", models.PositiveBigIntegerField()),
                ("brought", models.PositiveBigIntegerField(default=0)),
                ("place", models.JSONField(default=dict)),
                ("next_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("again", models.PositiveIntegerField(default=0)),
                ("visited_at", models.DateTimeField(null=True)),
                ("done", models.JSONField(default=dict)),
                ("refused", models.JSONField(default=list)),
                ("code", models.CharField(blank=True, max_length=60)),
                ("trouble", models.TextField(blank=True)),
                ("paused", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=402)),
                ("collection", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="node.collection")),
            ],
        ),
        migrations.CreateModel(
            name="FiguresBetween",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("peer", models.CharField(max_length=2)),
                ("own", models.BooleanField()),
                ("since", models.CharField(max_length=7)),
                ("through", models.CharField(max_length=7)),
                ("content", models.CharField(max_length=64)),
                ("drawn", models.DateTimeField()),
                ("statement", models.BinaryField()),
                ("by", models.CharField(blank=True, max_length=402)),
                ("waits", models.BooleanField(default=False)),
                ("taken_back", models.PositiveIntegerField(default=0)),
                ("let_go", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-through", "-since", "peer", "-drawn", "-pk"],
                "indexes": [
                    models.Index(fields=["peer", "own", "since", "through"], name="figures_between_of"),
                    models.Index(condition=models.Q(("waits", True)), fields=["peer"], name="figures_between_due"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Holding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("manifest", models.CharField(max_length=64)),
                ("manifest_blob", models.CharField(max_length=64)),
                ("exhibits_blob", models.CharField(max_length=64)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holdings", to="node.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("take-in", "Take In"),
                            ("disclose", "Disclose"),
                            ("collect", "Collect"),
                            ("verify", "Verify"),
                        ],
                        max_length=10,
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=64)),
                ("given", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        db_index=True,
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(db_index=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                ("code", models.CharField(blank=True, max_length=60)),
                ("trouble", models.TextField(blank=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="node.case"),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KeptBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=2)),
                ("first", models.CharField(max_length=27)),
                ("last", models.CharField(max_length=27)),
                ("at", models.DateTimeField()),
                ("begun", models.BooleanField(default=False)),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="node.collection"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="node.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("reference", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=5)),
                ("state", models.CharField(db_index=True, max_length=2)),
                ("stage", models.CharField(max_length=10)),
                ("version", models.PositiveIntegerField()),
                ("value", models.JSONField()),
                ("statement", models.BinaryField(default=b"")),
                ("at", models.DateTimeField()),
                ("turns", models.JSONField(default=list)),
                ("told", models.JSONField(default=dict)),
                ("next_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-at", "reference"],
                "indexes": [models.Index(fields=["state", "next_at"], name="listing_due")],
            },
        ),
        migrations.CreateModel(
            name="LogNode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.PositiveBigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="log_node_once")],
            },
        ),
        migrations.CreateModel(
            name="Mentioned",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(db_index=True, max_length=40)),
                ("kind", models.CharField(max_length=20)),
                ("value", models.TextField()),
                ("where", models.CharField(max_length=200)),
                ("origin", models.CharField(blank=True, max_length=64)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="node.case")),
            ],
        ),
        migrations.CreateModel(
            name="ProgrammeWord",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=2)),
                ("officer", models.CharField(blank=True, max_length=402)),
                ("statement", models.BinaryField()),
                ("envelope", models.CharField(max_length=64)),
                ("came_at", models.DateTimeField()),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="words", to="node.programme"
                    ),
                ),
            ],
            options={
                "ordering": ["came_at", "digest"],
            },
        ),
        migrations.CreateModel(
            name="Pushed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("where", models.CharField(max_length=640)),
                ("what", models.CharField(db_index=True, max_length=64)),
                ("object_id", models.CharField(max_length=120)),
                ("version", models.CharField(blank=True, max_length=27)),
                ("sent_at", models.DateTimeField()),
                ("taken", models.BooleanField(default=False)),
                ("owed_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=60)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "feed",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="pushed", to="node.feed"
                    ),
                ),
            ],
            options={
                "ordering": ["where"],
            },
        ),
        migrations.CreateModel(
            name="ReportAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(blank=True, max_length=402)),
                ("text", models.BinaryField(default=b"")),
                ("size", models.PositiveIntegerField(db_index=True, default=0)),
                ("about", models.CharField(blank=True, max_length=120)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="node.report"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.BinaryField()),
                ("size", models.PositiveBigIntegerField()),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("blob", models.CharField(max_length=64)),
                (
                    "act",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="node.reportact"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="node.report"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Said",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(max_length=2)),
                ("by", models.CharField(max_length=2)),
                ("version", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("data", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [models.UniqueConstraint(fields=("about", "by", "digest"), name="said_once")],
            },
        ),
        migrations.CreateModel(
            name="Stamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stamper", models.CharField(max_length=500)),
                ("size", models.PositiveBigIntegerField()),
                ("note", models.TextField()),
                ("token", models.BinaryField()),
                ("latest", models.DateTimeField()),
                ("name", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["size", "latest"], name="stamp_size")],
                "constraints": [models.UniqueConstraint(fields=("stamper", "size"), name="stamp_once")],
            },
        ),
        migrations.CreateModel(
            name="StandingWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=2)),
                ("digest", models.CharField(max_length=64)),
                ("treaty", models.CharField(max_length=40)),
                ("payload", models.BinaryField()),
                ("statement", models.BinaryField()),
                ("by", models.CharField(blank=True, max_length=402)),
                ("at", models.DateTimeField()),
                ("told", models.JSONField(default=list)),
                ("next_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [models.Index(fields=["treaty", "state"], name="standing_of_treaty")],
                "constraints": [models.UniqueConstraint(fields=("state", "digest"), name="standing_word_once")],
            },
        ),
        migrations.CreateModel(
            name="StixObject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_id", models.CharField(max_length=120)),
                ("type", models.CharField(max_length=60)),
                ("version", models.CharField(blank=True, max_length=27)),
                ("digest", models.CharField(max_length=64)),
                ("head", models.CharField(db_index=True, max_length=8)),
                ("raw", models.BinaryField()),
                ("added", models.CharField(max_length=27)),
                ("by", models.CharField(max_length=150)),
                ("source", models.CharField(blank=True, max_length=2)),
                ("communities", models.JSONField(default=list)),
                ("first", models.BooleanField()),
                ("last", models.BooleanField()),
                ("withdrawn", models.BooleanField(default=False)),
                (
                    "collection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="node.collection",
                        to_field="number",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Observed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40)),
                ("row", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="node.stixobject")),
            ],
        ),
        migrations.CreateModel(
            name="Hit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("warning", models.CharField(max_length=120)),
                ("version", models.CharField(blank=True, max_length=27)),
                ("source", models.CharField(blank=True, max_length=2)),
                ("met", models.JSONField(default=list)),
                ("found_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "New"), ("seen", "Seen"), ("drafted", "Drafted"), ("dismissed", "Dismissed")],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("by", models.CharField(blank=True, max_length=402)),
                ("changed_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("draft", models.CharField(blank=True, db_index=True, max_length=20)),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="hits", to="node.case"
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to="node.stixobject"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Telling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("to", models.CharField(max_length=2)),
                ("kind", models.CharField(max_length=10)),
                ("payload", models.BinaryField()),
                ("since", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "indexes": [models.Index(fields=["to", "id"], name="telling_of_state")],
            },
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                ("bare", models.BinaryField()),
                ("pair", models.CharField(max_length=64)),
                (
                    "arrival",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="node.arrival",
                    ),
                ),
                (
                    "departure",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="node.departure",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="arrival",
            index=models.Index(fields=["status", "hop", "lacks", "entry"], name="arrival_unread"),
        ),
        migrations.AddIndex(
            model_name="arrival",
            index=models.Index(fields=["hop", "at"], name="arrival_latest"),
        ),
        migrations.AddConstraint(
            model_name="arrival",
            constraint=models.UniqueConstraint(fields=("hop", "digest"), name="arrival_once_per_hop"),
        ),
        migrations.AddConstraint(
            model_name="arrival",
            constraint=models.UniqueConstraint(fields=("hop", "number"), name="arrival_once_per_place"),
        ),
        migrations.AddConstraint(
            model_name="act",
            constraint=models.UniqueConstraint(fields=("case", "seq"), name="act_once_per_place"),
        ),
        migrations.AddConstraint(
            model_name="communitymember",
            constraint=models.UniqueConstraint(fields=("community", "state"), name="community_member_once"),
        ),
        migrations.AddConstraint(
            model_name="container",
            constraint=models.UniqueConstraint(fields=("case", "number"), name="container_once_per_place"),
        ),
        migrations.AddIndex(
            model_name="contested",
            index=models.Index(fields=["state", "-at"], name="contested_state"),
        ),
        migrations.AddConstraint(
            model_name="contested",
            constraint=models.UniqueConstraint(fields=("collection", "digest", "by", "source"), name="contested_once"),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(fields=["peer", "stage", "next_at"], name="departure_due"),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(fields=["peer", "stage", "number"], name="departure_next"),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(
                condition=models.Q(("told", False)), fields=["peer", "stage", "since"], name="departure_late"
            ),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(
                condition=models.Q(("relayed", True), ("witnessed", False)),
                fields=["peer", "prove_at"],
                name="departure_unproved",
            ),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(
                condition=models.Q(("pending", True)), fields=["peer", "number"], name="departure_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="departure",
            constraint=models.UniqueConstraint(fields=("peer", "number"), name="departure_once_per_place"),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "waiting")), fields=("case", "kind", "about"), name="job_once_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="keptback",
            constraint=models.UniqueConstraint(fields=("collection", "source"), name="kept_back_once"),
        ),
        migrations.AddIndex(
            model_name="pushed",
            index=models.Index(
                condition=models.Q(("owed_at__isnull", False)), fields=["where", "owed_at"], name="pushed_owed"
            ),
        ),
        migrations.AddConstraint(
            model_name="pushed",
            constraint=models.UniqueConstraint(fields=("where", "what"), name="pushed_once"),
        ),
        migrations.AddIndex(
            model_name="stixobject",
            index=models.Index(
                condition=models.Q(("last", True), ("withdrawn", False)),
                fields=["collection", "added"],
                name="stix_object_last",
            ),
        ),
        migrations.AddIndex(
            model_name="stixobject",
            index=models.Index(
                condition=models.Q(("last", True), ("withdrawn", False)),
                fields=["collection", "type", "added"],
                name="stix_object_last_of_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="stixobject",
            constraint=models.UniqueConstraint(
                fields=("object_id", "collection", "version"), name="stix_object_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stixobject",
            constraint=models.UniqueConstraint(fields=("collection", "added"), name="stix_object_added_once"),
        ),
        migrations.AddConstraint(
            model_name="observed",
            constraint=models.UniqueConstraint(fields=("key", "row"), name="observed_once"),
        ),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(fields=["state", "id"], name="hit_state"),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.UniqueConstraint(fields=("case", "warning"), name="hit_once"),
        ),
        migrations.AddConstraint(
            model_name="word",
            constraint=models.UniqueConstraint(
                condition=models.Q(("departure__isnull", False)),
                fields=("departure", "place"),
                name="word_of_departure",
            ),
        ),
        migrations.AddConstraint(
            model_name="word",
            constraint=models.UniqueConstraint(
                condition=models.Q(("arrival__isnull", False)), fields=("arrival", "place"), name="word_of_arrival"
            ),
        ),
    ]
