"""The rows of the products, held against what Smile publishes and what the simulator answers."""

import pytest

from dashboard.jobs.products import FACTS, Product, problem_with_user_id, product_of_job_type
from dashboard.jobs.submitting.form_checks import IMAGE_TYPES
from dashboard.sandbox.api.web_tokens import JOB_TYPE_OF_PRODUCT
from dashboard.sandbox.world.outcomes import PRODUCT_OF_JOB_TYPE, table
from dashboard.smile.constants import ID_API_JOB_TYPES, UPLOAD_JOB_TYPES, WEB_PRODUCTS, id_types

every_product = pytest.mark.parametrize("product", Product)


def test_every_product_has_its_row():
    assert list(FACTS) == list(Product)


@every_product
def test_row_is_complete(product: Product):
    facts = FACTS[product]

    assert all((facts.name, facts.proves, facts.needs, facts.takes, facts.approved, facts.rejected, facts.apis))
    assert {*facts.images, *facts.optional_images} <= set(IMAGE_TYPES)
    assert bool(facts.web_name) == (facts.effort is not None)


@every_product
def test_row_agrees_with_what_smile_publishes(product: Product):
    facts = FACTS[product]
    listed = {name for row in id_types() for name in row.products}

    assert facts.job_type in (ID_API_JOB_TYPES if facts.is_answered_at_once else UPLOAD_JOB_TYPES)
    assert facts.is_answered_at_once == (not facts.images)
    assert not facts.web_name or WEB_PRODUCTS[facts.web_name] == facts.web_name
    assert facts.id_type_list in {"", "documents", *listed}


@every_product
def test_simulator_knows_the_product_by_the_same_facts(product: Product):
    facts = FACTS[product]

    assert PRODUCT_OF_JOB_TYPE.get(facts.job_type, product) == product
    assert not facts.web_name or JOB_TYPE_OF_PRODUCT[facts.web_name] == facts.job_type
    assert {step.sandbox_result for step in table() if step.product == product} >= {"0", "1"}


def test_job_type_of_several_products_names_none_of_them():
    assert product_of_job_type(FACTS[Product.BIOMETRIC_KYC].job_type) == Product.BIOMETRIC_KYC
    assert product_of_job_type(FACTS[Product.BASIC_KYC].job_type) is None
    assert product_of_job_type(None) is None


@every_product
def test_only_who_was_enrolled_before_must_be_named(product: Product):
    assert bool(problem_with_user_id(product, "")) == FACTS[product].needs_enrolled_user
    assert problem_with_user_id(product, "user-1") == ""
