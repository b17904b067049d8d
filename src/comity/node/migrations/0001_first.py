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
            name="Case",
            fields=[
                ("reference", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("requesting", models.CharField(max_length=2)),
                ("requested", models.CharField(max_length=2)),
                ("measure", models.CharField(max_length=30)),
                ("follows", models.CharField(blank=True, max_length=20)),
                ("opened_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
                ("witnessed", models.BooleanField(default=False)),
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
            name="Talk",
            fields=[
                ("peer", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("settled", models.BooleanField(default=False)),
                ("doubted", models.BooleanField(default=False)),
                ("heard", models.PositiveBigIntegerField(default=0)),
                ("greeting", models.CharField(blank=True, max_length=32)),
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
            name="Call",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("peer", models.CharField(max_length=2)),
                ("ours", models.BooleanField()),
                ("statement", models.BinaryField()),
                ("envelope", models.CharField(db_index=True, max_length=64)),
                ("hop", models.CharField(max_length=2)),
                ("at", models.DateTimeField()),
                ("due", models.DateTimeField()),
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
            name="Act",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("seq", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("by", models.CharField(max_length=2)),
                ("at", models.DateTimeField()),
                ("statement", models.BinaryField()),
                ("entry", models.PositiveBigIntegerField(null=True)),
                ("restored", models.BooleanField(default=False)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="node.case"),
                ),
            ],
            options={
                "ordering": ["seq"],
            },
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("alias", models.CharField(blank=True, max_length=60)),
                ("rules", models.JSONField(default=dict)),
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
            name="Departure",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("peer", models.CharField(max_length=2)),
                ("number", models.PositiveBigIntegerField()),
                ("data", models.BinaryField()),
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
                ("evidence", models.JSONField(default=list)),
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
            name="StixObject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_id", models.CharField(max_length=120)),
                ("type", models.CharField(max_length=60)),
                ("version", models.CharField(max_length=27)),
                ("digest", models.CharField(db_index=True, max_length=64)),
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
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="node.collection"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("data", models.BinaryField()),
                ("hop", models.CharField(max_length=2)),
                ("number", models.PositiveBigIntegerField(null=True)),
                ("after", models.JSONField(default=list)),
                ("lacks", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                ("entry", models.PositiveBigIntegerField()),
                ("evidence", models.JSONField(default=list)),
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
            options={
                "indexes": [
                    models.Index(fields=["status", "hop", "lacks", "number"], name="arrival_unread"),
                    models.Index(fields=["hop", "at"], name="arrival_latest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("hop", "digest"), name="arrival_once_per_hop"),
                    models.UniqueConstraint(fields=("hop", "number"), name="arrival_once_per_place"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="act",
            constraint=models.UniqueConstraint(fields=("case", "seq"), name="act_once_per_place"),
        ),
        migrations.AddConstraint(
            model_name="container",
            constraint=models.UniqueConstraint(fields=("case", "number"), name="container_once_per_place"),
        ),
        migrations.AddIndex(
            model_name="departure",
            index=models.Index(fields=["peer", "stage", "next_at"], name="departure_due"),
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
            index=models.Index(condition=models.Q(("pending", True)), fields=["peer"], name="departure_pending"),
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
        migrations.AddIndex(
            model_name="stixobject",
            index=models.Index(fields=["collection", "added", "id"], name="stix_object_added"),
        ),
        migrations.AddIndex(
            model_name="stixobject",
            index=models.Index(
                condition=models.Q(("last", True)), fields=["collection", "id"], name="stix_object_last"
            ),
        ),
        migrations.AddConstraint(
            model_name="stixobject",
            constraint=models.UniqueConstraint(
                fields=("collection", "object_id", "version"), name="stix_object_version_once"
            ),
        ),
    ]
