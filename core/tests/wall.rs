//! What must not compile: every way around the privacy filter.

#[test]
fn the_wall_holds() {
    trybuild::TestCases::new().compile_fail("tests/wall/*.rs");
}
