//! Whatever is written, reading it ends in settings or in words.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_text_makes_reading_panic_and_every_problem_has_a_place_and_no_control_character(
        text in "([\\[\\]a-z_.=\"0-9\u{1b}\u{e9} #-]{0,12}\n){0,8}|\\PC{0,80}|\\[(remote|screen)\\]\n(model|ascii|budget_usd) ?= ?\\PC{0,12}"
    ) {
        if let Err(error) = file::parse("f", &text) {
            for problem in error.problems() {
                let mut parts = problem.splitn(4, ':');
                prop_assert_eq!(parts.next(), Some("f"));
                prop_assert!(parts.next().and_then(|line| line.parse::<usize>().ok()).is_some_and(|line| line > 0));
                prop_assert!(parts.next().and_then(|column| column.parse::<usize>().ok()).is_some_and(|c| c > 0));
                prop_assert!(!problem.contains(char::is_control), "{problem:?}");
            }
        }
    }

    #[test]
    fn no_value_of_a_flag_makes_it_panic_and_what_is_taken_can_be_shown_and_read_again(
        n in 0..Catalog::get().settings.len(), value in "\\PC{0,20}|-?[0-9]{0,12}(\\.[0-9]{1,3})?"
    ) {
        let setting = &Catalog::get().settings[n];
        if let Ok(loaded) = from_flag(&setting.name(), &value) {
            prop_assert_eq!(read(&show(&loaded)), Ok(loaded.config));
        }
    }
}
