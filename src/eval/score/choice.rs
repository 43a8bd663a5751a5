//! Which of several answers was chosen.

use super::words::normalised;

/// The option that an answer names, by its letter or by its words; nothing where it names none, or several.
pub fn chosen(said: &str, options: &[String]) -> Option<usize> {
    by_letter(said, options.len()).or_else(|| by_words(said, options))
}

/// The option that a right answer means: its words or its letter.
pub fn option(right: &str, options: &[String]) -> Option<usize> {
    let wanted = normalised(right);
    options.iter().position(|option| normalised(option) == wanted).or_else(|| by_letter(right, options.len()))
}

/// A letter that stands as an answer: alone, before `)`, `.` or `:`, in parentheses, or after `answer` or `option`.
fn by_letter(said: &str, count: usize) -> Option<usize> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let letter_of = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let mut characters = bare.chars();
        let letter = characters.next().filter(|_| characters.next().is_none())?;
        let at = (letter.to_ascii_uppercase() as usize).checked_sub('A' as usize)?;
        (at < count).then_some((at, letter, bare.len() < word.len()))
    };
    if let [word] = words[..] {
        return letter_of(word).map(|(at, ..)| at);
    }
    if let Some((at, _, true)) = words.first().and_then(|word| letter_of(word)) {
        return Some(at);
    }
    let introduces = |word: &str| matches!(normalised(word).as_str(), "answer" | "option" | "choice" | "is");
    let mut named = words.windows(2).filter_map(|pair| {
        let (at, letter, marked) = letter_of(pair[1])?;
        let enclosed = pair[1].starts_with('(') && pair[1].contains(')');
        // A lone `a` is an article.
        ((introduces(pair[0]) && (letter.is_ascii_uppercase() || marked)) || enclosed).then_some(at)
    });
    let first = named.next()?;
    named.all(|other| other == first).then_some(first)
}

/// The only option whose words stand in the answer; of two, one within the other, the longer.
fn by_words(said: &str, options: &[String]) -> Option<usize> {
    let said = format!(" {} ", normalised(said));
    let words: Vec<String> = options.iter().map(|option| format!(" {} ", normalised(option))).collect();
    let stands = |at: &usize| !words[*at].trim().is_empty() && said.contains(&words[*at]);
    let found: Vec<usize> = (0..words.len()).filter(stands).collect();
    let longest = *found.iter().max_by_key(|at| words[**at].len())?;
    found.iter().all(|at| words[longest].contains(&words[*at])).then_some(longest)
}
