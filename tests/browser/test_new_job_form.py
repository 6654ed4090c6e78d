"""The form of a new job under a person's hands: nothing chosen or typed is lost, and the keyboard is enough."""

import re
import time

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.new_job import choose, open_cards, picture, picture_field, press_test_number, product_card, run

NUMBER = "Bank Verification Number"


def names_of_files(page: Page, label: str) -> list[str]:
    files: list[str] = picture_field(page, label).evaluate("input => [...input.files].map(file => file.name)")
    return files


def answer_late(route: Route) -> None:
    """As over a slow line: a second is enough for whoever knows the form."""
    answer = route.fetch()
    time.sleep(1)
    route.fulfill(response=answer)


def go_on_late(route: Route) -> None:
    """So that the page is still there when its press has been seen."""
    time.sleep(0.3)
    route.continue_()


def test_chosen_pictures_are_shown_and_outlive_a_test_number_and_another_id_type(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", NUMBER)
    picture_field(page, "Selfie").set_input_files(picture(1, "face.jpg"))
    picture_field(page, "Liveness frames").set_input_files([picture(2, "one.jpg"), picture(3, "two.jpg")])
    expect(page.get_by_role("button", name="Remove face.jpg")).to_be_visible()

    press_test_number(page, "succeeds")
    expect(page.get_by_label(NUMBER)).to_have_value("00000000000")
    page.get_by_label("ID type").select_option(label="Voter ID")
    expect(page.get_by_role("complementary")).to_contain_text("Voter ID")
    choose(page, "Enhanced KYC")
    expect(page.get_by_role("heading", name="3 Images")).to_have_count(0)
    choose(page, "Biometric KYC")
    expect(page.get_by_role("heading", name="3 Images")).to_be_visible()

    assert names_of_files(page, "Selfie") == ["face.jpg"]
    assert names_of_files(page, "Liveness frames") == ["one.jpg", "two.jpg"]
    expect(page.locator(".previews img")).to_have_count(3)
    assert page.locator(".previews img").evaluate_all("images => images.every(image => image.naturalWidth > 0)")


def test_a_removed_picture_leaves_its_field_and_the_others_stay(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", NUMBER)
    picture_field(page, "Liveness frames").set_input_files([picture(2, "one.jpg"), picture(3, "two.jpg")])

    page.get_by_role("button", name="Remove one.jpg").click()

    expect(page.get_by_role("button", name="Remove one.jpg")).to_have_count(0)
    assert names_of_files(page, "Liveness frames") == ["two.jpg"]


def test_a_choice_keeps_the_focus_and_open_details_and_takes_the_fields_that_it_needs(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", NUMBER)
    page.get_by_text("Your own ids").click()
    page.get_by_label("Customer reference").fill("cust-1")

    press_test_number(page, "bad format")
    expect(page.get_by_label(NUMBER)).to_have_value("00000000002")
    expect(page.get_by_role("button", name="bad format")).to_be_focused()
    page.get_by_label("ID type").focus()
    page.get_by_label("ID type").select_option(label="Voter ID")
    expect(page.get_by_label("Voter ID number")).to_be_visible()

    expect(page.get_by_label("ID type")).to_be_focused()
    expect(page.get_by_label("Job id")).to_be_visible()
    expect(page.get_by_label("Customer reference")).to_have_value("cust-1")


def test_what_is_typed_while_the_form_is_being_redrawn_stays(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Business Verification", "Nigeria", "Business Registration")

    with page.expect_response("/jobs/new"):
        press_test_number(page, "succeeds")
        page.get_by_label("Type of business").select_option(index=1)
        page.get_by_label("Customer reference").fill("cust-1")
        page.get_by_text("Your own ids").click()  # The field that has the focus would be spared anyway.

    expect(page.locator("#id_number")).not_to_have_value("")
    expect(page.get_by_label("Type of business")).not_to_have_value("")
    expect(page.get_by_label("Customer reference")).to_have_value("cust-1")


def test_a_job_that_is_run_while_the_form_is_being_redrawn_has_what_was_chosen_last(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Enhanced KYC", "Nigeria", NUMBER)
    page.route("**/jobs/new", answer_late)

    press_test_number(page, "succeeds")
    run(page)

    expect(page.get_by_role("heading", name="Enhanced KYC")).to_be_visible()


def test_another_product_shows_what_the_server_knows_of_it_and_no_stale_choice(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Enhanced KYC", "Nigeria", NUMBER)

    open_cards(page)
    product_card(page, "Document Verification").check()
    expect(page.get_by_role("heading", name="3 Images")).to_be_visible()
    open_cards(page)
    product_card(page, "SmartSelfie authentication").check()

    expect(page.get_by_label("Country")).to_have_count(0)
    expect(page.get_by_role("combobox", name="User id")).to_be_focused()
    expect(page.locator("#product-choice > summary")).to_contain_text("SmartSelfie authentication")
    expect(product_card(page, "SmartSelfie authentication")).to_be_hidden()


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", NUMBER)
    page.get_by_label(NUMBER).fill("123")
    page.get_by_label("Customer reference").fill("two words")
    page.get_by_label("Desired result").select_option("Rejected")

    page.get_by_role("button", name="Run in the sandbox").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).not_to_contain_text("choose them again")
    expect(page.locator("#id_number-error")).to_contain_text(
        "The Bank Verification Number needs 11 digits; this has 3."
    )
    expect(page.locator("#selfie-error")).to_contain_text("choose an image")
    expect(page.get_by_label(NUMBER)).to_have_value("123")
    expect(page.get_by_label("Customer reference")).to_have_value("two words")
    expect(page.get_by_label("Desired result")).to_have_value("1")
    summary.get_by_role("link", name=re.compile("needs 11 digits")).click()
    expect(page.get_by_label(NUMBER)).to_be_focused()


def test_after_an_error_the_form_says_that_pictures_must_be_chosen_again(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Biometric KYC", "Nigeria", NUMBER)
    picture_field(page, "Selfie").set_input_files(picture(1))

    page.get_by_role("button", name="Run in the sandbox").click()

    expect(page.get_by_role("alert")).to_contain_text("choose them again")
    expect(page.locator("#job-form")).to_contain_text("Choose again: picture-1.jpg.")
    page.get_by_role("button", name="Run in the sandbox").click()
    expect(page.locator("#selfie-error")).to_be_visible()
    picture_field(page, "Selfie").set_input_files(picture(1))
    expect(page.locator("#selfie-error")).to_have_count(0)


def test_the_keyboard_alone_makes_a_job_and_enter_sends_the_number_that_was_typed(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new", member="ada")  # she has made no job before: nothing is chosen for her
    keys = page.keyboard
    tab_to(page, control="product-biometric_kyc")
    keys.press("Space")
    tab_to(page, "country")
    keys.type("Nigeria")
    expect(page.get_by_label("ID type")).to_be_visible()
    expect(product_card(page, "Biometric KYC")).to_be_hidden()
    page.locator("#product-choice > summary").press("Enter")
    tab_to(page, control="product-biometric_kyc")
    for _ in range(3):
        keys.press("ArrowDown")
    expect(product_card(page, "Enhanced KYC")).to_be_checked()
    expect(page.get_by_role("complementary")).to_contain_text("Enhanced KYC")
    tab_to(page, "id_type")
    keys.type(NUMBER)
    expect(page.get_by_label("Customer reference")).to_be_visible()
    tab_to(page, "id_number")
    keys.type("00000000001")

    keys.press("Enter")

    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))
    expect(page.locator(".verdict")).to_contain_text("The authority has nobody on record under this number.")


def tab_to(page: Page, control: str) -> None:
    """Presses Tab until the control has the focus, as somebody without a mouse does."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == control:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"#{control} was not reached within 40 presses of Tab")


def test_the_form_works_without_scripts(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new", java_script_enabled=False)
    open_cards(page)
    product_card(page, "Enhanced KYC").check()
    page.get_by_role("button", name="Continue with this choice").click()
    page.get_by_label("Country").select_option(label="Nigeria")
    page.get_by_role("button", name="Show the fields for this choice").click()
    page.get_by_label("ID type").select_option(label=NUMBER)
    page.get_by_role("button", name="Show the fields for this choice").click()
    press_test_number(page, "succeeds")
    expect(page.get_by_label(NUMBER)).to_have_value("00000000000")

    page.get_by_role("button", name="Run in the sandbox").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))

    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_run_again_starts_from_the_same_data_and_says_that_it_is_a_new_job(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Enhanced KYC", "Nigeria", NUMBER)
    press_test_number(page, "succeeds")
    expect(page.get_by_label(NUMBER)).to_have_value("00000000000")
    run(page)

    earlier = page.url
    page.get_by_role("link", name="Run again").click()

    expect(page.get_by_role("heading", name="Run again")).to_be_visible()
    expect(page.get_by_label(NUMBER)).to_have_value("00000000000")
    expect(page.get_by_role("complementary")).to_contain_text("This creates a new job.")
    run(page)
    page.get_by_role("link", name="Open the earlier job").click()
    expect(page).to_have_url(earlier)


WATCH_PRESSES = """
    const count = () => { localStorage.presses = Number(localStorage.presses ?? 0) + 1; };
    document.addEventListener("pointerdown", count, true);
    const look = (form) => {
        const button = form.querySelector("[data-sending]");
        localStorage.said = `${button.textContent}, ${button.disabled ? "disabled" : "enabled"}`;
        form.requestSubmit();
    };
    // Once the page itself has seen the press, which it does later than this.
    document.addEventListener("submit", ({ target }) => setTimeout(() => setTimeout(look, 0, target)), { once: true });
"""


def test_a_returning_operator_needs_few_presses_and_comes_back_to_the_same_form(open_window: OpenWindow) -> None:
    page = open_window("/jobs/new")
    choose(page, "Enhanced KYC", "Nigeria", NUMBER)
    press_test_number(page, "succeeds")
    expect(page.get_by_label(NUMBER)).to_have_value("00000000000")
    run(page)

    page.add_init_script(WATCH_PRESSES)
    page.goto("/jobs")
    page.get_by_role("link", name="New job").click()
    expect(page.get_by_label(NUMBER)).to_be_focused()
    page.keyboard.type("00000000000")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.route("**/jobs", go_on_late)
    run(page)
    assert len(sent) == 1
    assert page.evaluate("localStorage.said") == "Sending, disabled"
    expect(page.locator(".verdict .outcome")).to_contain_text("Approved")
    assert 0 < int(page.evaluate("localStorage.presses")) <= 6

    page.go_back()
    expect(page.locator("#product-choice > summary")).to_contain_text("Enhanced KYC")
    expect(page.get_by_label(NUMBER)).to_be_visible()
    open_cards(page)
    product_card(page, "Enhanced KYC").click()  # the card that is chosen already
    expect(product_card(page, "Enhanced KYC")).to_be_hidden()
    open_cards(page)
    product_card(page, "SmartSelfie registration").check()
    expect(page.get_by_role("heading", name="3 Images")).to_be_visible()
    page.reload()
    expect(page.locator("#product-choice > summary")).to_contain_text("SmartSelfie registration")
    expect(page.get_by_role("heading", name="3 Images")).to_be_visible()
