"""What each rule of desk.yaml must find (ruleid) and must leave alone (ok). Read by semgrep; never imported or run."""


def escaping(name):
    # ruleid: markup-is-escaped
    Markup(f"<b>{name}</b>")
    # ok: markup-is-escaped
    escape(name)
    # ruleid: templates-are-files
    render_template_string("Hello " + name)
    # ruleid: templates-are-files
    environment.from_string(name)
    # ok: templates-are-files
    render_template("jobs/show.html", name=name)


def calling_out(address, session):
    # ruleid: tls-is-verified
    session.get(address, timeout=5, verify=False)
    # ruleid: tls-is-verified
    session.verify = False
    # ruleid: tls-is-verified
    context.check_hostname = False
    # ok: tls-is-verified
    session.get(address, timeout=5, verify="/etc/desk/ca.pem")
    # ruleid: requests-have-a-timeout, network-has-one-door
    requests.post(address, json={})
    # ok: requests-have-a-timeout
    # ruleid: network-has-one-door
    requests.get(address, timeout=10)
    # ruleid: network-has-one-door
    urllib.request.urlopen(address, timeout=10)
    # ok: network-has-one-door
    raise requests.ConnectionError


def comparing(given, wanted):
    # ruleid: secrets-are-compared-in-constant-time
    if given.signature == wanted:
        return True
    # ruleid: secrets-are-compared-in-constant-time
    if mac.digest() != given:
        return False
    # ok: secrets-are-compared-in-constant-time
    if given.signature == "":
        return False
    # ok: secrets-are-compared-in-constant-time
    select(Link).where(Link.code_digest == digest_of_code(given))
    # ok: secrets-are-compared-in-constant-time
    select(kind).where(kind.code_digest == digest_of_code(given))
    # ok: secrets-are-compared-in-constant-time
    if digest.hexdigest() != member.sha256:
        return False
    # ok: secrets-are-compared-in-constant-time
    if hashlib.sha256(body).hexdigest() == callback.body_sha256:
        return False
    # ok: secrets-are-compared-in-constant-time
    return hmac.compare_digest(given, wanted)


def unpacking(archive):
    # ruleid: archives-are-not-unpacked-whole
    archive.extractall("media")
    # ok: archives-are-not-unpacked-whole
    archive.open("info.json")


def asking_the_database(connection, name):
    # ruleid: sql-has-bound-values
    connection.execute(text(f"SELECT * FROM job WHERE user_id = '{name}'"))
    # ruleid: sql-has-bound-values
    connection.exec_driver_sql("SELECT * FROM job WHERE user_id = '%s'" % name)
    # ruleid: sql-has-bound-values
    connection.execute("DELETE FROM job WHERE user_id = '{}'".format(name))
    # ok: sql-has-bound-values
    connection.execute(f"PRAGMA {pragma}")
    # ok: sql-has-bound-values
    connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
    # ok: sql-has-bound-values
    connection.execute(text("SELECT * FROM job WHERE user_id = :name"), {"name": name})


# ruleid: routes-state-their-permission
@blueprint.get("/jobs")
def index():
    return render_template("jobs/index.html")


# ok: routes-state-their-permission
@blueprint.post("/jobs")
@permission_required("jobs.create")
def create():
    return see_other("jobs.index")


# ok: routes-state-their-permission
@blueprint.get("/account")
@sign_in_required
def account():
    return render_template("team/account.html")


# ok: routes-state-their-permission
@blueprint.get("/sign-in")
@open_to_everybody
def sign_in():
    return render_template("team/sign_in.html")


def telling(error, job):
    # ruleid: logs-name-errors-and-no-contents
    log.exception("failed")
    # ruleid: logs-name-errors-and-no-contents
    log.error("failed", error=str(error))
    # ruleid: logs-name-errors-and-no-contents
    log.error("failed", exc_info=True)
    # ruleid: logs-name-errors-and-no-contents
    log.warning(f"failed: {error}")
    # ruleid: logs-name-errors-and-no-contents
    log.info("received", headers=dict(request.headers))
    # ruleid: logs-name-errors-and-no-contents
    log.error("failed: %s", error)
    # ruleid: logs-name-errors-and-no-contents
    log.info("received", content=request.get_data())
    # ok: logs-name-errors-and-no-contents
    log.error("failed", error=type(error).__name__, where=place_of(error), job=str(job.id))


def starting(name):
    # ruleid: no-shell
    subprocess.run("convert " + name, shell=True)
    # ruleid: no-shell
    os.system("convert " + name)
    # ok: no-shell
    subprocess.run(["convert", name])


def keeping_for_a_moment():
    # ruleid: temporary-files-are-made-at-once
    tempfile.mktemp()
    # ok: temporary-files-are-made-at-once
    tempfile.TemporaryFile()


def reading(content):
    # ruleid: bytes-do-not-become-code
    pickle.loads(content)
    # ruleid: bytes-do-not-become-code
    yaml.load(content)
    # ruleid: bytes-do-not-become-code
    eval(content)
    # ok: bytes-do-not-become-code
    json.loads(content)


def telling_the_time(seconds):
    # ruleid: times-have-a-zone
    datetime.now()
    # ruleid: times-have-a-zone
    datetime.fromtimestamp(seconds)
    # ok: times-have-a-zone
    datetime.now(UTC)
    # ok: times-have-a-zone
    datetime.fromtimestamp(seconds, UTC)


def making_up():
    # ruleid: secrets-are-not-guessable
    link_code = random.randrange(10**9)
    # ok: secrets-are-not-guessable
    wait_seconds = random.uniform(1, 2)
    # ok: secrets-are-not-guessable
    token = secrets.token_urlsafe(24)
    return link_code, wait_seconds, token


def new_password():
    # ruleid: secrets-are-not-guessable
    return "".join(random.choices("abc", k=12))


def swallowing(path):
    # ruleid: errors-do-not-vanish
    try:
        work()
    except Exception:
        pass
    # ruleid: errors-do-not-vanish
    try:
        work()
    except:
        give_up()
    # ruleid: errors-do-not-vanish
    with suppress(Exception):
        work()
    # ok: errors-do-not-vanish
    with suppress(FileNotFoundError):
        path.unlink()
    # ok: errors-do-not-vanish
    try:
        work()
    except Exception as error:
        log.error("failed", error=type(error).__name__)


def sending_on(form):
    # ruleid: redirects-stay-here
    redirect(request.args.get("next"), 303)
    target = form.next.data
    # ruleid: redirects-stay-here
    redirect(target or "/jobs", 303)
    # ok: redirects-stay-here
    redirect(local_path(form.next.data) or "/jobs", 303)
    # ok: redirects-stay-here
    redirect(url_for("jobs.index", q=request.args["q"]))


def opening(upload, folder, job):
    # ruleid: paths-do-not-come-from-requests
    open(request.args["name"])
    name = upload.filename
    # ruleid: paths-do-not-come-from-requests
    target = folder / name
    # ok: paths-do-not-come-from-requests
    open(folder / job.media_path)
    return target


def reading_words(event, callback, job, step):
    # ruleid: words-decide-nothing
    if event.text.startswith("Smile refused"):
        return "refused"
    # ruleid: words-decide-nothing
    callback.reason = callback.reason.removesuffix("It names no job.")
    # ruleid: words-decide-nothing
    if "clock" in job.last_error:
        return "clock"
    # ruleid: words-decide-nothing
    if str(step.get("text")).startswith("It came"):
        return "address"
    # ok: words-decide-nothing
    if event.kind == EventKind.FAILED:
        return event.text or "failed"
    # ok: words-decide-nothing
    return job.disagreement is not None
