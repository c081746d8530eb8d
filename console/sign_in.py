"""Settings of accounts: passwords, factors, invitations, and identity providers (P-6, P-10)."""

from django.core.exceptions import ImproperlyConfigured

from console.base.accounts.identity import configuration
from console.environment import DEBUG, env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "console.base.accounts.passwords.GuessableValidator"},
]
LOGIN_URL = "account_login"
CSRF_FAILURE_VIEW = "console.views.csrf_failure"
LOGIN_REDIRECT_URL = "home"
MFA_ADAPTER = "console.base.accounts.adapter.FactorAdapter"
ACCOUNT_ADAPTER = "console.base.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "login": "console.base.accounts.forms.LoginForm",
    "change_password": "console.base.accounts.forms.ChangePasswordForm",
    "set_password": "console.base.accounts.forms.SetPasswordForm",
    "reset_password": "console.base.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "console.base.accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # through the second factor, where there is one
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = SUDO_SECONDS = env.int("SUDO_SECONDS", default=15 * 60)
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_TOTP_TOLERANCE = 1  # steps of half a minute that a phone's clock may be wrong
MFA_FORMS = {
    "activate_totp": "console.base.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "console.base.accounts.forms.AddPasskeyForm",
    "authenticate": "console.base.accounts.forms.AuthenticateForm",
    "reauthenticate": "console.base.accounts.forms.ReauthenticateForm",
}
# Failures are counted in console/base/accounts/throttle.py, by who makes them; a passkey can't be guessed.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "60/m/ip", "reauthenticate": None}
MFA_RATE_LIMITS = {"webauthn_login": "100/m/ip"}
MFA_TOTP_ISSUER = "Mini Program Console"
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
INVITATIONS_PER_DAY = env.int("INVITATIONS_PER_DAY", default=30)  # mails of one team, and of one person

# Identity providers (P-10), by name. Without passwords, and without passkeys as a way in, people come in by them alone.
IDENTITY_PROVIDERS = configuration.providers(env)
PASSWORD_SIGN_IN = env.bool("PASSWORD_SIGN_IN", default=True)
if not PASSWORD_SIGN_IN and not IDENTITY_PROVIDERS:
    raise ImproperlyConfigured("PASSWORD_SIGN_IN=0 leaves no way to sign in. Set OIDC_PROVIDERS first.")
SOCIALACCOUNT_ADAPTER = "console.base.accounts.adapter.IdentityAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "console.base.accounts.identity.provider.Provider"}}
SOCIALACCOUNT_STORE_TOKENS = False
