"""ListModels and QuoteImage: what can be asked for, and what it costs. Neither spends anything."""
from service import HD, STANDARD, api, refused, spec
from generate_test import COGVIEW_SIZES, GLM_SIZES


def models(service):
    return {model.model: model for model in service.images.ListModels(api.ListModelsRequest(), timeout=60).models}


def quote(service, **more):
    return service.images.QuoteImage(api.QuoteImageRequest(spec=spec(**more)), timeout=60)


def test_both_models_are_offered_with_their_rules(service):
    offered = models(service)
    assert set(offered) == {"glm-image", "cogview-4-250304"}
    glm, cogview = offered["glm-image"], offered["cogview-4-250304"]
    assert glm.is_default and not cogview.is_default
    assert (glm.default_quality, cogview.default_quality) == (HD, STANDARD)
    for model, multiple, pixels, sizes in ((glm, 32, 2**22, GLM_SIZES), (cogview, 16, 2**21, COGVIEW_SIZES)):
        rules = model.size_rules
        assert (rules.min_side, rules.max_side, rules.side_multiple, rules.max_pixels) == (512, 2048, multiple, pixels)
        assert [(size.width, size.height) for size in rules.recommended_sizes] == sizes
        assert (rules.default_size.width, rules.default_size.height) == sizes[0]
        assert {option.quality for option in model.qualities} == {HD, STANDARD}
        assert not model.supports_watermark


def test_prices_are_those_of_z_ai(service):
    offered = models(service)
    for name, price in (("glm-image", 15000), ("cogview-4-250304", 10000)):
        for option in offered[name].qualities:
            assert (option.cost_micros, option.currency) == (price, "USD")
            assert option.typical_duration.ToTimedelta().total_seconds() > 0
            assert option.resumable == (name == "glm-image" and option.quality == HD)


def test_a_quote_fills_in_the_defaults_and_spends_nothing(service, shared_zai):
    quoted = quote(service, prompt="How much?")
    assert (quoted.spec.model, quoted.spec.quality, quoted.spec.size.width) == ("glm-image", HD, 1280)
    assert (quoted.cost_micros, quoted.currency) == (15000, "USD")
    assert quoted.expected_duration.ToTimedelta().total_seconds() > 0
    assert quote(service, prompt="How much?", model="cogview-4-250304").cost_micros == 10000
    assert not shared_zai.submissions
    assert service.list() == []


def test_a_quote_checks_everything(service):
    request = api.QuoteImageRequest(spec=spec("", model="glm-image", size=(500, 500), user_id="short"))
    told = refused(service.images.QuoteImage, request, timeout=60)
    assert set(told.violations) == {"spec.prompt", "spec.size", "spec.user_id"}


def test_prices_can_be_set_by_the_operator(workshop, zai):
    config = workshop.directory / "easel.yaml"
    config.write_text("upstream:\n  prices:\n    - {model: glm-image, quality: hd, cost_micros: 42, currency: EUR}\n")
    service = workshop.easeld(zai, arguments=["--config", config])
    quoted = quote(service, prompt="A bargain")
    assert (quoted.cost_micros, quoted.currency) == (42, "EUR")
    made = service.generate("A bargain").generation
    assert (made.charge.cost_micros, made.charge.currency) == (42, "EUR")


def test_typical_durations_are_learnt(workshop, zai):
    service = workshop.easeld(zai)

    def typical():
        (option,) = [one for one in models(service)["glm-image"].qualities if one.quality == HD]
        return option.typical_duration.ToTimedelta().total_seconds()

    published = typical()
    for number in range(8):
        service.generate(f"Quick, {number}")
    assert typical() < published
