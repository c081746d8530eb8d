"""Sessions, the security log, changes of address, proposed members, and a second factor that a team requires."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_notification_shown'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='counted',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='mails since `counted_from`'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='counted_from',
            field=models.DateTimeField(help_text='when the day began whose mails are counted', null=True),
        ),
        migrations.AddField(
            model_name='team',
            name='requires_second_factor',
            field=models.BooleanField(db_default=False, default=False, verbose_name='second factor required'),
        ),
        migrations.CreateModel(
            name='UserSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('signed_in_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_used_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='to the minute')),
                ('address', models.GenericIPAddressField(null=True)),
                ('agent', models.CharField(blank=True, db_default='', default='', help_text='what the browser says', max_length=300)),
                ('method', models.CharField(blank=True, db_default='', default='', help_text='as SecurityEntry.detail', max_length=40)),
                ('first_time', models.BooleanField(db_default=False, default=False, help_text='no sign-in from that network before')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-last_used_at'],
            },
        ),
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='address_changes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('user'), condition=models.Q(('confirmed_at', None), ('withdrawn_at', None)), name='address_change_open_once')],
            },
        ),
        migrations.CreateModel(
            name='MembershipProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('admin', 'Team administrator'), ('license_holder', 'License holder'), ('developer', 'Developer'), ('viewer', 'Viewer')], max_length=20, verbose_name='role')),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('accepted', models.BooleanField(db_default=False, default=False)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='accounts.team')),
            ],
            options={
                'ordering': ['-asked_at'],
                'constraints': [models.UniqueConstraint(models.F('team'), django.db.models.functions.text.Lower('email'), condition=models.Q(('decided_at', None)), name='membership_proposal_open_once'), models.CheckConstraint(condition=models.Q(('accepted', False), ('decided_at__isnull', False), _connector='OR'), name='membership_proposal_accepted_when_decided')],
            },
        ),
        migrations.CreateModel(
            name='SecurityEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(blank=True, db_default='', default='', help_text='as it was typed', max_length=254)),
                ('kind', models.CharField(max_length=30)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('count', models.PositiveIntegerField(db_default=1, default=1)),
                ('address', models.GenericIPAddressField(null=True)),
                ('network', models.CharField(blank=True, db_default='', default='', help_text='of the address', max_length=43)),
                ('agent', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('detail', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('session_key', models.CharField(blank=True, db_default='', default='', help_text='of a sign-in', max_length=40)),
                ('asks', models.BooleanField(db_default=False, default=False, help_text='whether the person has to say it was them')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='security_entries', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'entry of the security log',
                'verbose_name_plural': 'security log',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['user', '-id'], name='security_by_user')],
            },
        ),
    ]
