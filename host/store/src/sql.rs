//! Statements of many rows.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, ColumnIndex, Decode, Row, Type};

use crate::StoreError;

/// A statement that was put together here. Values are always bound, never written into it.
pub(crate) fn query(text: String) -> Query<'static, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(text))
}

/// The slice in pieces of few different lengths, so that there are few different statements to prepare.
pub(crate) fn pieces<T>(mut rest: &[T]) -> Vec<&[T]> {
    let mut pieces = Vec::with_capacity(rest.len() / 256 + 8);
    while let Some(length) = (0..=8).rev().map(|power| 1 << power).find(|length| *length <= rest.len()) {
        let (piece, tail) = rest.split_at(length);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

/// The slice with its last value repeated until it makes as few [`pieces`] as can be: for statements to which it is nothing
/// to find a value twice.
pub(crate) fn filled_up<T: Clone>(rows: &[T]) -> Vec<T> {
    let mut filled = rows.to_vec();
    let rest = filled.len() % 256;
    let length = [0, 1, 4, 16, 64, 256].into_iter().find(|length| rest <= *length).unwrap_or(rest);
    if let Some(last) = filled.last().cloned() {
        filled.resize(filled.len() - rest + length, last);
    }
    filled
}

/// `($1, $2), ($3, $4)`: so many rows of so many columns, numbered from `first`.
pub(crate) fn tuples(rows: usize, columns: usize, first: usize) -> String {
    let tuple = |row: usize| {
        let numbers = (0..columns).map(|column| format!("${}", first + row * columns + column));
        format!("({})", numbers.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(tuple).collect::<Vec<_>>().join(", ")
}

/// `(?, ?), (?, ?)`: the same for SQLite, where each parameter that has a name is looked up among all that have one.
fn nameless_tuples(rows: usize, columns: usize) -> String {
    let tuple = format!("({})", vec!["?"; columns].join(", "));
    vec![tuple; rows].join(", ")
}

/// Runs a statement whose `{rows}` are these, in pieces.
pub(crate) async fn execute_rows<T>(
    connection: &mut AnyConnection,
    statement: &str,
    columns: usize,
    rows: &[T],
    bind: impl Fn(Query<'static, Any, AnyArguments>, &T) -> Query<'static, Any, AnyArguments>,
) -> Result<(), StoreError> {
    let is_sqlite = connection.backend_name() == "SQLite";
    for piece in pieces(rows) {
        let values = match is_sqlite {
            true => nameless_tuples(piece.len(), columns),
            false => tuples(piece.len(), columns, 1),
        };
        let text = statement.replace("{rows}", &values);
        let bound = piece.iter().fold(query(text), &bind);
        bound.execute(&mut *connection).await?;
    }
    Ok(())
}

/// A column of a row.
pub(crate) fn get<'r, T>(row: &'r AnyRow, column: impl ColumnIndex<AnyRow>) -> Result<T, StoreError>
where
    T: Decode<'r, Any> + Type<Any>,
{
    Ok(row.try_get(column)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pieces_of_few_lengths() {
        for (rows, lengths, filled) in [
            (0, &[][..], &[][..]),
            (1, &[1], &[1]),
            (2, &[2], &[4]),
            (42, &[32, 8, 2], &[64]),
            (256, &[256], &[256]),
            (300, &[256, 32, 8, 4], &[256, 64]),
        ] {
            let all: Vec<usize> = (0..rows).collect();
            let of = |rows: &[usize]| pieces(rows).iter().map(|piece| piece.len()).collect::<Vec<_>>();
            assert_eq!(of(&all), lengths);
            let more = filled_up(&all);
            assert_eq!(of(&more), filled);
            assert_eq!(more.get(..rows), Some(&*all));
            assert!(more.iter().skip(rows).all(|row| Some(row) == all.last()));
        }
    }
}
