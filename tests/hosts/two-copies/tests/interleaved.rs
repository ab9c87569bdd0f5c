//! Two versions of freehold in one program, where there is a libc or none.

use freehold_two_copies::interleave;

#[test]
fn h06_two_copies_lose_nothing_of_each_other_s() {
    (0..4).for_each(|round| interleave(round, 4000));
}
