//! What a theme file must give, and how wrong ones are refused.

use super::*;

fn of_text(text: &str) -> Result<Theme, ThemeError> {
    Theme::of(File { place: "my.toml".into(), text: text.into() }, &Themes::default(), Depth::True)
}

/// The three channels of a colour as light, from 0 to 1 (IEC 61966-2-1).
fn linear((r, g, b): (u8, u8, u8)) -> [f64; 3] {
    [r, g, b].map(|value| {
        let share = f64::from(value) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    })
}

fn luminance(colour: (u8, u8, u8)) -> f64 {
    let [r, g, b] = linear(colour);
    0.2126 * r + 0.7152 * g + 0.0722 * b
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
        for ground in [Role::TintCited, Role::TintLeft, Role::Match] {
            let ratio = contrast(ink, theme.look(ground).bg.unwrap());
            assert!(ratio >= 4.5, "{name}: text on {ground:?} has a contrast of {ratio:.2}");
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
    let wrong = |text: &str| of_text(text).unwrap_err().to_string();
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
    let mine = of_text(text).unwrap();
    let dark = Theme::built_in("dark", Depth::True).unwrap();
    assert_eq!(mine.style(Role::Good).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(mine.style(Role::Bad), dark.style(Role::Bad));
}

#[test]
fn the_theme_of_high_contrast_has_seven_to_one() {
    let theme = Theme::built_in("high-contrast", Depth::True).unwrap();
    let ink = theme.look(Role::Text).fg.unwrap();
    for (role, word) in ROLES.into_iter().filter(|(role, _)| !NO_TEXT.contains(role)) {
        let look = theme.look(role);
        let ground = look.bg.or(theme.look(Role::CursorFocused).bg).unwrap();
        let ratio = contrast(look.fg.unwrap_or(ink), ground);
        assert!(ratio >= 7.0, "{word} has a contrast of {ratio:.2}");
    }
}

/// How a colour is seen by people without one of the three kinds of cones: Machado, Oliveira and Fernandes, "A
/// Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.0.
const DEFICIENCIES: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "protanopia",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deuteranopia",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritanopia",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

/// CIELAB of linear sRGB, with white at D65.
fn lab(rgb: [f64; 3]) -> [f64; 3] {
    const XYZ: [[f64; 3]; 3] =
        [[0.412_456, 0.357_576, 0.180_437], [0.212_673, 0.715_152, 0.072_175], [0.019_334, 0.119_192, 0.950_304]];
    let white = [0.950_47, 1.0, 1.088_83];
    let share = |row: usize| times(&XYZ, rgb)[row].max(0.0) / white[row];
    let bent = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let [x, y, z] = [share(0), share(1), share(2)].map(bent);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn times(matrix: &[[f64; 3]; 3], by: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(by).map(|(a, b)| a * b).sum())
}

#[test]
fn the_colour_blind_theme_tells_good_warning_and_bad_apart_for_everybody() {
    let distance = |theme: &Theme, matrix: &[[f64; 3]; 3], a: Role, b: Role| {
        let seen = |role| lab(times(matrix, linear(theme.look(role).fg.unwrap())));
        seen(a).iter().zip(seen(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    let pairs = [(Role::Good, Role::Bad), (Role::Good, Role::Warning), (Role::Warning, Role::Bad)];
    let theme = Theme::built_in("colour-blind", Depth::True).unwrap();
    for (name, matrix) in &DEFICIENCIES {
        for (a, b) in pairs {
            let apart = distance(&theme, matrix, a, b);
            assert!(apart >= 25.0, "{name}: {a:?} and {b:?} are {apart:.0} apart");
        }
    }
    let dark = Theme::built_in("dark", Depth::True).unwrap();
    let least = DEFICIENCIES.iter().flat_map(|(_, m)| pairs.map(|(a, b)| distance(&dark, m, a, b))).fold(1e9, f64::min);
    assert!(least < 25.0, "the usual theme does not, which is why there is another: {least:.0}");
}

#[test]
fn a_file_whose_name_cannot_be_shown_as_it_is_is_no_theme() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain", "a\u{1b}[2J", "right\u{202e}left"] {
        std::fs::write(folder.path().join(format!("{name}.toml")), "name = \"x\"\n").unwrap();
    }
    let names = Themes { folder: Some(folder.path().into()) }.names();
    assert_eq!(names.len(), Themes::default().names().len() + 1, "{names:?}");
    assert!(names.contains(&"plain".to_owned()));
}

#[test]
fn files_of_ones_own_are_themes_and_may_inherit_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("mine.toml", "name = \"mine\"\ninherits = \"base\"\n[palette]\ngreen = \"#00ff00\"\n");
    write("base.toml", "name = \"base\"\ninherits = \"light\"\n[palette]\nred = \"#ff0000\"\n");
    write("dark.toml", "name = \"dark\"\ninherits = \"dark\"\n[palette]\nblue = \"#0000ff\"\n");
    write("notes.txt", "no theme");
    let themes = Themes { folder: Some(folder.path().into()) };
    let built_in = BUILT_IN.map(|(name, _)| name.to_owned());
    assert_eq!(themes.names(), [built_in.as_slice(), &["base".to_owned(), "mine".to_owned()]].concat());
    let mine = themes.load("mine", Depth::True).unwrap();
    assert_eq!(mine.style(Role::Good).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(mine.style(Role::Bad).fg, Some(Color::Rgb(255, 0, 0)));
    let dark = themes.load("dark", Depth::True).unwrap();
    assert_eq!(dark.style(Role::Accent).fg, Some(Color::Rgb(0, 0, 255)), "one's own goes first");

    write("base.toml", "name = \"base\"\ninherits = \"mine\"\n");
    let circle = themes.load("mine", Depth::True).unwrap_err().to_string();
    assert!(circle.contains("base.toml:2: inherits `mine` in a circle"), "{circle}");
    let unknown = themes.load("drak", Depth::True).unwrap_err().to_string();
    assert!(unknown.contains("there is no theme `drak`") && unknown.contains("gruvbox-dark, base, mine"), "{unknown}");
    assert!(themes.load("../secret", Depth::True).is_err());
    assert!(themes.load("no/such.toml", Depth::True).unwrap_err().to_string().contains("no/such.toml cannot be read"));
}

#[test]
fn a_role_may_be_a_colour_alone_and_a_theme_needs_no_name() {
    let theme =
        of_text("inherits = \"dark\"\n[palette]\nrust = \"#b7410e\"\n[roles]\ntext = \"#ff0000\"\ndim = \"rust\"\n")
            .unwrap();
    assert_eq!(theme.name, "my");
    assert_eq!(theme.style(Role::Text).fg, Some(Color::Rgb(255, 0, 0)));
    assert_eq!(theme.style(Role::Dim).fg, Some(Color::Rgb(183, 65, 14)));
    let wrong = of_text("[roles]\ntext = 3\n").unwrap_err().to_string();
    assert!(wrong.starts_with("my.toml:2: ") && wrong.contains("{ fg = \"#rrggbb\", bold = true }"), "{wrong}");
}
