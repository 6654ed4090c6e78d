"""Forms of the sign-in pages, the account and the team. Rules about members are in members.py."""

from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from dashboard.languages import LANGUAGE_NAMES
from dashboard.permissions import Role
from dashboard.team.factors.passwords import MAX_LENGTH, MIN_LENGTH
from dashboard.web.pages.locales import zone_choices

# PostgreSQL refuses to look for a text with control characters in it.
PRINTABLE = Regexp(r"[^\x00-\x1f\x7f]*\Z", message="Type your e-mail address.")

NOT_IN_LIST = "Choose one from the list."


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    email = StringField("E-mail address", [InputRequired("Type your e-mail address."), Length(max=254), PRINTABLE])
    password = PasswordField("Password", [InputRequired("Type your password."), Length(max=MAX_LENGTH)])
    keep = BooleanField("Keep me signed in on this device")
    next = HiddenField()


class CodeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    """The second step. A recovery code is longer than an app's code."""

    code = StringField(
        "Code",
        [InputRequired("Type the code that your app shows now."), Length(max=60)],
        description="Six digits from your authenticator app, or one of your recovery codes.",
    )


class NewAppForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    code = StringField(
        "Code",
        [InputRequired("Type the six digits that your app shows now."), Length(max=20)],
        description="Type the six digits that the app shows now.",
    )


class PasskeyForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    """The device's answer, filled in by static/js/passkeys.js."""

    credential = HiddenField(validators=[InputRequired("Your browser gave no passkey. Try again.")])
    next = HiddenField()


class NewPasskeyForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    name = StringField(
        "Name of this passkey",
        [InputRequired("Type a name."), Length(max=60)],
        description="So that you recognise it later, such as Work laptop or Phone.",
    )
    credential = HiddenField(validators=[InputRequired("Your browser made no passkey. Try again.")])


class ConfirmationForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    password = PasswordField("Password", [InputRequired("Type your password."), Length(max=MAX_LENGTH)])
    next = HiddenField()


class ForgottenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    email = StringField("E-mail address", [InputRequired("Type your e-mail address."), Length(max=254), PRINTABLE])


class NameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    name = StringField("Name", [InputRequired("Type your name.")], description="Your team sees it next to what you do.")


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    current = PasswordField("Current password", [InputRequired("Type your current password."), Length(max=MAX_LENGTH)])
    password = PasswordField(
        "New password",
        [InputRequired("Type a new password.")],
        description=f"{MIN_LENGTH} characters or more. Your other browsers are signed out.",
    )


class FormatsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    language = SelectField(
        "Language of dates, numbers and country names",
        choices=dict(LANGUAGE_NAMES),
        invalid_choice_message=NOT_IN_LIST,
        description="The pages themselves are in English.",
    )
    time_zone = SelectField("Time zone", choices=zone_choices, invalid_choice_message=NOT_IN_LIST)


#: The weakest role first, so that nobody gets more by oversight.
ROLE_CHOICES = {role.value: role.value.capitalize() for role in reversed(Role)}


class InvitationForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    email = StringField("E-mail address", [InputRequired("Type the e-mail address of the new member.")])
    role = SelectField("Role", choices=ROLE_CHOICES, invalid_choice_message=NOT_IN_LIST)


class RoleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    role = SelectField("New role", choices=ROLE_CHOICES, invalid_choice_message=NOT_IN_LIST)


class NewPasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships without types.
    password = PasswordField(
        "New password",
        [InputRequired("Type a new password.")],
        description=f"{MIN_LENGTH} characters or more. Several words in a row are easy to remember.",
    )


class JoinForm(NewPasswordForm):
    name = StringField("Name", [InputRequired("Type your name.")], description="Your team sees it next to what you do.")
    password = PasswordField(
        "Password",
        [InputRequired("Type a password.")],
        description=f"{MIN_LENGTH} characters or more. Several words in a row are easy to remember.",
    )


def local_path(address: str | None) -> str | None:
    """The address if it is a path on this site; None if it could lead a browser elsewhere."""
    if not address or not address.startswith("/") or not address.isprintable() or "\\" in address:
        return None
    if address.startswith("//"):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address
