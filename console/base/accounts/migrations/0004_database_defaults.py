"""Lets code from before 0002 go on writing users and notifications: the database fills what it does not know."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_platform_kind'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='by_email',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='in_console',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('review', 'Requests that wait for my decision'), ('decision', 'Decisions on what I asked for'), ('release', 'Publishing and rolling back in my teams'), ('grayscale', 'Grayscale tasks that move by themselves'), ('messages', 'Subscription messages that were stopped'), ('keys', 'Secrets and keys'), ('people', 'Teams, roles and invitations'), ('platform', 'Parts of the console that stopped working')], db_default='review', max_length=20),
        ),
        migrations.AlterField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, choices=[('en', 'English'), ('zh-hans', '简体中文')], db_default='', default='', help_text='empty: never signed in yet', max_length=10, verbose_name='language'),
        ),
    ]
