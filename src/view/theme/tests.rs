//! What a theme file must give, and how wrong ones are refused.

use super::*;

fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let channel = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
}

/// WCAG 2.1, section 1.4.3.
fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What nobody has to read.
const NO_TEXT: [Role; 2] = [Role::Background, Role::Rule];

#[test]
fn every_text_role_can_be_read_on_every_ground_it_stands_on() {
    for (name, _) in BUILT_IN {
        let theme = Theme::built_in(name, Depth::True).unwrap();
        let ground = theme.look(Role::Background).bg.unwrap();
        let ink = theme.look(Role::Text).fg.unwrap();
        for (role, word) in ROLES {
            let look = theme.look(role);
            if NO_TEXT.contains(&role) {
                continue;
            }
            let (fg, bg) = (look.fg.unwrap_or(ink), look.bg.unwrap_or(ground));
            let ratio = contrast(fg, bg);
            assert!(ratio >= 4.5, "{name}: {word} has a contrast of {ratio:.2}");
        }
        // Tones stand on the cursor's row, in overlays and on the bars as well.
        let tones =
            [Role::Dim, Role::Good, Role::Warning, Role::Bad, Role::Accent, Role::Quote, Role::Key, Role::Heading];
        let code = [Role::Keyword, Role::Function, Role::String, Role::Number, Role::Comment];
        for tone in tones.into_iter().chain(code) {
            for on in [Role::CursorFocused, Role::Overlay, Role::Bar] {
                let ratio = contrast(theme.look(tone).fg.unwrap(), theme.look(on).bg.unwrap());
                assert!(ratio >= 4.5, "{name}: {tone:?} on {on:?} has a contrast of {ratio:.2}");
            }
        }
    }
}

#[test]
fn every_role_has_a_look_and_its_place_in_the_table() {
    for (name, _) in BUILT_IN {
        let theme = Theme::built_in(name, Depth::True).unwrap();
        for (at, (role, word)) in ROLES.into_iter().enumerate() {
            assert_eq!(role as usize, at, "{word} stands at the wrong place of ROLES");
            assert_ne!(theme.look(role), Look::default(), "{name} says nothing of {word}");
        }
    }
}

#[test]
fn without_colour_the_important_roles_still_stand_out() {
    let theme = Theme::built_in("dark", Depth::None).unwrap();
    for role in [Role::Highlight, Role::CursorFocused, Role::TabCurrent, Role::TintCited, Role::TintLeft, Role::Match] {
        let style = theme.style(role);
        assert!(!style.add_modifier.is_empty(), "{role:?}");
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
}

#[test]
fn a_wrong_file_is_refused_with_file_line_and_role() {
    let wrong = |text: &str| Theme::from_toml("my.toml", text, Depth::True).unwrap_err().to_string();
    assert_eq!(
        wrong("name = \"x\"\n[roles]\ntxet = { fg = \"#ffffff\" }\n"),
        "my.toml:3: there is no role `txet`; the nearest is `text`"
    );
    assert_eq!(
        wrong("name = \"x\"\n[roles]\ntext = { fg = \"mauve\" }\n"),
        "my.toml:3: role `text`: `mauve` is neither a colour of the palette nor \"#rrggbb\""
    );
    assert_eq!(
        wrong("name = \"x\"\n[palette]\nink = \"white\"\n"),
        "my.toml:3: the colour `ink` must be written as \"#rrggbb\", not \"white\""
    );
    assert!(wrong("name = \"x\"\ninherits = \"nope\"\n").starts_with("my.toml:2: inherits `nope`"));
    assert!(wrong("name = 3").starts_with("my.toml:1: "));
}

#[test]
fn a_file_changes_only_what_it_names() {
    let text = "name = \"mine\"\ninherits = \"dark\"\n[palette]\ngreen = \"#00ff00\"\n";
    let mine = Theme::from_toml("mine.toml", text, Depth::True).unwrap();
    let dark = Theme::built_in("dark", Depth::True).unwrap();
    assert_eq!(mine.style(Role::Good).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(mine.style(Role::Bad), dark.style(Role::Bad));
}
