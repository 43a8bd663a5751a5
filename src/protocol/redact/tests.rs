use super::*;

fn rules() -> Rules {
    Rules {
        names: vec!["Jürgen Müller".into(), "Acme-Werke".into(), "Li".into()],
        kinds: vec![Kind::Email, Kind::Phone, Kind::Iban, Kind::Card, Kind::Id],
        patterns: vec!["PRJ-[0-9]+".into()],
    }
}

fn hidden(text: &str) -> String {
    Redactor::open(&rules(), [text].into_iter()).hide(text).into_owned()
}

#[test]
fn a_name_is_hidden_whatever_its_case_layout_and_escapes() {
    for text in [
        "Jürgen Müller",
        "JÜRGEN MÜLLER",
        "jürgen\n   müller",
        "Jürgen\u{a0}Müller",
        "Jür-\ngen Müller",
        "Müller, Jürgen",
        r"J\u00fcrgen M\u00fcller",
        r"J\\u00fcrgen\\nM\\u00fcller",
        r"J\xfcrgen\tM\xfcller",
        "Jürgen Mül\u{ad}ler",
    ] {
        assert_eq!(hidden(text), "NAME_1", "{text}");
        assert_eq!(hidden(&format!("Mr {text}'s car")), "Mr NAME_1's car", "{text}");
    }
    assert_eq!(hidden("Acme Werke, ACME-WERKE; Acme-\nWerkes"), "NAME_1, NAME_1; NAME_1s");
    assert_eq!(hidden("Life, Ali and Li's"), "Life, Ali and NAME_1's");
    assert_eq!(hidden(r#"{"a": "\nLi\n"}"#), r#"{"a": "\nNAME_1\n"}"#);
}

#[test]
fn a_name_is_hidden_in_whatever_letters_it_is_written() {
    let names =
        ["Jürgen Müller", "José Peña Núñez", "İbrahim Çelik", "Μαρία Παπαδοπούλου", "Anna Weißgerber", "Jane Doe"];
    let rules = Rules { names: names.map(str::to_owned).into(), ..Rules::default() };
    for (text, without) in [
        ("Ju\u{308}rgen Mu\u{308}ller; Mu\u{308}ller's, JU\u{308}RGEN MU\u{308}LLER", "NAME_1; NAME_2's, NAME_1"),
        ("Jurgen Muller, Juergen Mueller", "NAME_1, NAME_1"),
        (r"Ju\u0308rgen Mu\u0308ller", "NAME_1"),
        ("Jose\u{301} Pen\u{303}a Nu\u{301}n\u{303}ez, PEÑA", "NAME_1, NAME_2"),
        ("İbrahim Çelik, İBRAHİM ÇELİK, I\u{307}brahim C\u{327}elik, ibrahim çelik", "NAME_1, NAME_1, NAME_1, NAME_1"),
        ("ΜΑΡΙΑ ΠΑΠΑΔΟΠΟΥΛΟΥ und Μαρία", "NAME_1 und NAME_2"),
        ("ANNA WEISSGERBER, Weissgerber, WEIẞGERBER", "NAME_1, NAME_2, NAME_2"),
        ("Ｊａｎｅ Ｄｏｅ, ＪＡＮＥ　ＤＯＥ", "NAME_1, NAME_1"),
    ] {
        assert_eq!(Redactor::open(&rules, [text].into_iter()).hide(text), without, "{text}");
    }
}

#[test]
fn a_part_of_a_name_is_a_word_of_its_own_where_it_has_a_capital() {
    assert_eq!(hidden("Jürgen Müller; Mr MÜLLER, Müllers, a müller"), "NAME_1; Mr NAME_2, NAME_2s, a müller");
}

#[test]
fn a_short_part_of_a_name_and_the_family_first_are_hidden() {
    let names = ["Li Wu", "Bo Ng", "Jane Doe"];
    let rules = Rules { names: names.map(str::to_owned).into(), ..Rules::default() };
    for (text, without) in [
        ("Wu; Li. Dr. Wu", "NAME_1; NAME_2. Dr. NAME_1"),
        ("Ng Bo, BO NG, Doe Jane", "NAME_1, NAME_1, NAME_2"),
        ("NG gas, mm ng bo x, Wung, Boli", "NG gas, mm NAME_1 x, Wung, Boli"),
        ("x ng, Bong", "x ng, Bong"),
        ("/Jane%20Doe?of=%4Aane+Doe&to=Doe%2C%20Jane", "/NAME_1?of=NAME_2+NAME_3&to=NAME_1"),
        ("%20Doe 5%20Doe", "%20NAME_1 5%20NAME_1"),
    ] {
        assert_eq!(Redactor::open(&rules, [text].into_iter()).hide(text), without, "{text}");
    }
    assert_eq!(hidden("J%C3%BCrgen%20M%C3%BCller"), "NAME_1");
}

#[test]
fn addresses_and_numbers_of_people_are_hidden() {
    for (text, without) in [
        ("Write to Jane.Doe+x@mail.example.co.uk, please.", "Write to EMAIL_1, please."),
        ("jane@exam-\nple.com and JANE@EXAMPLE.COM", "EMAIL_1 and EMAIL_1"),
        ("Call +49 (30) 123-456 78.", "Call PHONE_1."),
        ("Call (555) 123-4567 or 555.123.4567", "Call PHONE_1 or PHONE_1"),
        ("Tel. 030 / 1234567", "Tel. PHONE_1"),
        ("IBAN DE89 3704 0044 0532 0130 00!", "IBAN IBAN_1!"),
        ("de89370400440532013000", "IBAN_1"),
        ("card 4111 1111 1111 1111", "card CARD_1"),
        ("SSN 123-45-6789", "SSN ID_1"),
        ("Patient ID: A-1234567, MRN 00123456.", "Patient ID: ID_1, MRN ID_2."),
        ("see prj-1 and PRJ-12", "see prj-1 and WORD_1"),
    ] {
        assert_eq!(hidden(text), without);
    }
}

#[test]
fn the_usual_forms_of_numbers_are_found() {
    for text in [
        "01712345678",
        "0612345678",
        "02079460958",
        "5552345678",
        "06.12.34.56.78",
        "06 12 34 56 78",
        "555-0199",
        "001-555-234-5678",
        "0049 30 1234567",
        "+49.30.1234567",
    ] {
        for (before, after) in [("at ", "."), ("(", ")"), ("", ""), ("x,", ",y")] {
            assert_eq!(hidden(&format!("{before}{text}{after}")), format!("{before}PHONE_1{after}"), "{text}");
        }
    }
    for (text, without) in [
        ("Tel. 668 18 00, Fax: 6681801", "Tel. PHONE_1, Fax: PHONE_2"),
        ("Mobil: 0171 2345678", "Mobil: PHONE_1"),
        ("Steuer-ID 12 345 678 901", "Steuer-ID ID_1"),
        ("Steuernummer: 12/345/67890", "Steuernummer: ID_1"),
        ("Personalausweis L01X00T471", "Personalausweis ID_1"),
        ("VAT DE123456789", "VAT ID_1"),
        ("078.05.1120", "ID_1"),
        ("Patient ID: 123, MRN A-12", "Patient ID: ID_1, MRN ID_2"),
        ("NHS number 943 476 5919", "NHS number ID_1"),
        ("4111.1111.1111.1111 4111/1111/1111/1111", "CARD_1 CARD_1"),
        ("3782.822463.10005", "CARD_1"),
        ("DE89-3704-0044-0532-0130-00 DE89.3704.0044.0532.0130.00", "IBAN_1 IBAN_1"),
        ("jane.doe@localhost, \"john smith\"@example.com", "EMAIL_1, EMAIL_2"),
        (r#"{"a": "\"john smith\"@example.com"}"#, r#"{"a": "EMAIL_1"}"#),
    ] {
        assert_eq!(hidden(text), without);
    }
}

#[test]
fn what_stands_around_a_number_does_not_hide_it_from_us() {
    for (text, without) in [
        ("BE68539007547034 is", "IBAN_1 is"),
        ("AT61 1904 3002 3457 3201 is mine", "IBAN_1 is mine"),
        ("ab12 AT61 1904 3002 3457 3201 is mine", "ab12 IBAN_1 is mine"),
        ("4111 1111 1111 1111 12/27", "CARD_1 12/27"),
        ("7 4111 1111 1111 1111", "7 CARD_1"),
        ("4111-1111-1111-1111 or 5500 0000 0000 0004 123", "CARD_1 or CARD_2 123"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "CARD_1"),
        ("customer account 12345678", "customer account ID_1"),
        ("Insurance policy 12345678", "Insurance policy ID_1"),
        ("Patient record no. 4711-22", "Patient record no. ID_1"),
        ("the case of record id policy number is AB-123456.", "the case of record id policy number is ID_1."),
    ] {
        assert_eq!(hidden(text), without);
    }
}

#[test]
fn a_long_text_that_only_looks_like_numbers_stays_as_it_is() {
    let looks = ["id/ida".repeat(20_000), "DE00 1234 ".repeat(10_000), "case policy ".repeat(10_000)];
    for text in looks {
        assert_eq!(hidden(&text), text);
    }
}

#[test]
fn figures_are_not_taken_for_numbers_of_people() {
    for text in [
        "Revenue was $1,234.5 million in 2019, 1,115.0 in 2018 and 998 in 2017.",
        "| 2019 | 2018 | 2017 | 12,345 | 0.8 |",
        "4111 1111 1111 1112",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30",
        "2020 2019 2018 2017 2016 2015 2014 2013 2012 2011 2010 2009 2008 2007 2006 2005 2004",
        "on 12/03/2019 at 10:30, 54 years, 0.8 mg",
        "Item 7A. See page 120.",
        "pages 980-1012, form 990-2019, $5552345678 or 5552345678.50",
        "Mobile 12.4 13.1 14.2 | Fax 2019 2018 2017 | phone 12.4 13.1 14.2",
        "income tax 1 234 567, tax 2019 2018 2017, insurance 120 130 140",
        "0000320193, 0001193125-19-012345, 1.234.567.890.123,45",
        "12.4 13.1 14.2 15.3 16.1 17.2 18.3 19.4",
        "a patient of 54 years, patient 12 of 40, 3 pcs @ 5 and 5@10",
    ] {
        assert_eq!(hidden(text), text);
    }
}

#[test]
fn one_word_has_one_placeholder_and_comes_back() {
    let texts = ["Li wrote to a@b.org.", "Jürgen Müller wrote to A@B.ORG and c@d.org."];
    let redactor = Redactor::open(&rules(), texts.into_iter());
    let both: Vec<_> = texts.iter().map(|text| redactor.hide(text).into_owned()).collect();
    assert_eq!(both, ["NAME_1 wrote to EMAIL_1.", "NAME_2 wrote to EMAIL_1 and EMAIL_2."]);
    assert_eq!(
        redactor.restore("name_2, `NAME\\_1`s EMAIL_1; NAME_9 USERNAME_1"),
        "Jürgen Müller, `Li`s a@b.org; NAME_9 USERNAME_1"
    );
    let again = Redactor::new(&redactor.redaction());
    assert_eq!(again, redactor);
    assert_eq!(again.hide(texts[1]), both[1]);
}

#[test]
fn a_document_that_holds_what_looks_like_a_placeholder_is_not_mistaken_for_one() {
    let text = "NAME_1 is a column; Li is a person.";
    let redactor = Redactor::open(&rules(), [text].into_iter());
    let hidden = redactor.hide(text);
    assert_eq!(hidden, "NAME_1 is a column; XNAME_1 is a person.");
    assert_eq!(redactor.restore(&hidden), text);
}

#[test]
fn what_has_no_placeholder_yet_is_hidden_all_the_same() {
    let redactor = Redactor::open(&rules(), ["Li"].into_iter());
    assert_eq!(redactor.hide("Li and new@mail.org"), "NAME_1 and EMAIL_0");
    assert_eq!(
        redactor.unknown(["Li, new@mail.org"]),
        [PrivateWord { kind: Kind::Email, word: "new@mail.org".into() }]
    );
}

#[test]
fn rules_that_cannot_be_kept_to_are_refused() {
    let with = |pattern: &str| Rules { patterns: vec![pattern.into()], ..Rules::default() };
    assert!(with("(").check().unwrap_err().contains("regular expression"));
    assert!(with("a*").check().unwrap_err().contains("empty"));
    assert!(Redactor::new(&Redaction { rules: with("("), ..Redaction::default() }).error().is_some());
    assert!(Rules { names: vec![" ".into()], ..Rules::default() }.is_empty());
}

#[test]
fn words_are_found_where_windows_meet() {
    for before in [64 * 1024 - 3, 64 * 1024 - 9, 64 * 1024, 2 * 64 * 1024 - 1] {
        let text = format!("{} Jürgen Müller {}", "x".repeat(before - 1), "y ".repeat(3000));
        assert!(hidden(&text).contains("x NAME_1 y"), "{before}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_private_is_left_and_the_rest_stays(text in "(Li|LI|a@b\\.org|[a-zé ,.\\\\\"\n]{0,6}){0,12}") {
        let redactor = Redactor::open(&rules(), [text.as_str()].into_iter());
        let (hidden, cuts) = redactor.hide_and_tell(&text);
        proptest::prop_assert!(redactor.unknown([hidden.as_str()]).is_empty());
        proptest::prop_assert_eq!(redactor.hide(&hidden), hidden.as_str());
        let (mut at, mut plain) = (0, String::new());
        for cut in &cuts {
            plain.push_str(&hidden[at..cut.hidden.start]);
            plain.push_str(&text[cut.original.clone()]);
            at = cut.hidden.end;
        }
        plain.push_str(&hidden[at..]);
        proptest::prop_assert_eq!(plain, text);
    }
}
