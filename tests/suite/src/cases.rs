//! Every case by name.

/// Calls a macro with every case that needs no allocator: `$callback! { name => path, … }`.
#[macro_export]
macro_rules! for_each_case {
    ($callback:ident) => {
        $callback! {
            conformance_default_backing => $crate::conforming::default_backing,
            conformance_h13_regions_of_any_size => $crate::conforming::h13_regions_of_any_size,
            conformance_large_region => $crate::conforming::large_region,
            conformance_regions_with_names => $crate::conforming::regions_with_names,
            conformance_region_then_pages => $crate::conforming::region_then_pages,
            conformance_exact_grants => $crate::conforming::exact_grants,
            conformance_small_steps => $crate::conforming::small_steps,
            conformance_misaligned_grants => $crate::conforming::misaligned_grants,
            conformance_islands => $crate::conforming::islands,
            conformance_h05_h08_foreign_growth => $crate::conforming::h05_h08_foreign_growth,
            conformance_loans => $crate::conforming::loans,
            conformance_lots => $crate::conforming::lots,
            model_default_backing => $crate::modelled::default_backing,
            model_regions => $crate::modelled::regions,
            model_every_manner => $crate::modelled::every_manner,
            h12_each_claim_fails_once => $crate::modelled::h12_each_claim_fails_once,
            h05_two_growers => $crate::hazards::growing::h05_two_growers,
            h08_foreign_growth_is_a_gap => $crate::hazards::growing::h08_foreign_growth_is_a_gap,
            grants_from_above_merge => $crate::hazards::growing::grants_from_above_merge,
            islands_that_touch_stay_apart => $crate::hazards::growing::islands_that_touch_stay_apart,
            h14_one_huge_request_changes_no_policy => $crate::hazards::growing::h14_one_huge_request_changes_no_policy,
            h14_a_crumb_is_no_step => $crate::hazards::growing::h14_a_crumb_is_no_step,
            growth_changes_after_the_first_chunk => $crate::hazards::growing::growth_changes_after_the_first_chunk,
            typed_values_are_gathered_where_they_stay => $crate::hazards::growing::typed_values_are_gathered_where_they_stay,
            h24_vacant_chunks_and_padding => $crate::hazards::growing::h24_vacant_chunks_and_padding,
            first_chunks_of_inner_scopes => $crate::hazards::growing::first_chunks_of_inner_scopes,
            h26_trimming_keeps_what_holds_something => $crate::hazards::growing::h26_trimming_keeps_what_holds_something,
            h26_nothing_is_lost => $crate::hazards::growing::h26_nothing_is_lost,
            h26_trimming_over_and_over => $crate::hazards::growing::h26_trimming_over_and_over,
            many_arenas => $crate::hazards::growing::many_arenas,
            h11_overflowing_requests_are_refused_once => $crate::hazards::refusing::h11_overflowing_requests_are_refused_once,
            h11_padding_and_size_together => $crate::hazards::refusing::h11_padding_and_size_together,
            h11_large_alignments => $crate::hazards::refusing::h11_large_alignments,
            h11_each_refusal_has_its_own_reason => $crate::hazards::refusing::h11_each_refusal_has_its_own_reason,
            h12_a_failed_request_changes_nothing => $crate::hazards::refusing::h12_a_failed_request_changes_nothing,
            h12_a_text_that_finds_no_room => $crate::hazards::refusing::h12_a_text_that_finds_no_room,
            h12_a_text_that_passes_over_an_error => $crate::hazards::refusing::h12_a_text_that_passes_over_an_error,
            overlapping_grants_are_refused => $crate::hazards::refusing::overlapping_grants_are_refused,
            short_grants_are_noticed => $crate::hazards::refusing::short_grants_are_noticed,
            bad_loans_are_refused => $crate::hazards::refusing::bad_loans_are_refused,
            the_last_bytes_of_memory_are_found => $crate::hazards::refusing::the_last_bytes_of_memory_are_found,
            regions_in_their_order => $crate::hazards::regions::regions_in_their_order,
            regions_that_must_be => $crate::hazards::regions::regions_that_must_be,
            regions_that_had_rather_be => $crate::hazards::regions::regions_that_had_rather_be,
            h13_regions_that_are_no_good => $crate::hazards::regions::h13_regions_that_are_no_good,
            regions_whose_end_is_found_out => $crate::hazards::regions::regions_whose_end_is_found_out,
            a_backing_around_another_counts_every_byte => $crate::wrapping::a_backing_around_another_counts_every_byte,
            a_limit_around_a_backing_is_kept => $crate::wrapping::a_limit_around_a_backing_is_kept,
            what_grows_takes_of_a_limit_what_is_added => $crate::wrapping::what_grows_takes_of_a_limit_what_is_added,
            scopes_that_are_kept => $crate::hazards::keeping::scopes_that_are_kept,
            h16_no_room_beside_a_scope_that_may_be_kept => $crate::hazards::keeping::h16_no_room_beside_a_scope_that_may_be_kept,
            marks => $crate::hazards::keeping::marks,
            h12_each_verb_is_refused => $crate::hazards::keeping::h12_each_verb_is_refused,
            h12_a_keyed_pool_is_refused => $crate::hazards::keeping::h12_a_keyed_pool_is_refused,
            constructors_that_fail => $crate::hazards::keeping::constructors_that_fail,
            builders => $crate::hazards::keeping::builders,
            boxes => $crate::hazards::keeping::boxes,
            h26_bursts_go_back => $crate::hazards::keeping::h26_bursts_go_back,
            h21_arena_and_scope => $crate::hazards::reentry::h21_arena_and_scope,
            h21_typed_arena => $crate::hazards::reentry::h21_typed_arena,
            h21_typed_arena_at_each_position => $crate::hazards::reentry::h21_typed_arena_at_each_position,
            h21_typed_arena_runs_in_runs => $crate::hazards::reentry::h21_typed_arena_runs_in_runs,
            h21_typed_arena_without_bytes => $crate::hazards::reentry::h21_typed_arena_without_bytes,
            h21_destructors => $crate::hazards::reentry::h21_destructors,
            h21_pool_that_refills_itself => $crate::hazards::reentry::h21_pool_that_refills_itself,
            h22_auto_traits => $crate::hazards::threads::h22_auto_traits,
            heap_conformance_default_backing => $crate::heap::conforming::default_backing,
            heap_conformance_regions => $crate::heap::conforming::regions,
            heap_conformance_every_manner => $crate::heap::conforming::every_manner,
            heap_zero_where_used_meets_fresh => $crate::heap::conformance::zero_where_used_meets_fresh,
            heap_model_default_backing => $crate::modelled::heap::default_backing,
            heap_model_small_region => $crate::modelled::heap::small_region,
            heap_model_every_manner => $crate::modelled::heap::every_manner,
            heap_statistics => $crate::heap::counting::statistics,
            heap_many_of_a_class => $crate::heap::slabs::many_of_a_class,
            heap_few_of_many_sizes => $crate::heap::slabs::few_of_many_sizes,
            heap_side_by_side_again => $crate::heap::slabs::side_by_side_again,
            heap_h11_overflowing_requests => $crate::heap::refusing::h11_overflowing_requests,
            heap_h12_each_claim_fails_once => $crate::modelled::heap::h12_each_claim_fails_once,
            heap_h12_each_kind_of_claim_fails_once => $crate::heap::refusing::h12_each_kind_of_claim_fails_once,
            heap_h12_full_memory => $crate::heap::refusing::h12_full_memory,
            heap_h26_programs_run_again => $crate::modelled::heap::h26_programs_run_again,
            heap_h26_programs_of_the_heap_alone => $crate::heap::growing::h26_programs_of_the_heap_alone,
            heap_h26_no_class_hoards => $crate::heap::growing::h26_no_class_hoards,
            heap_h26_others_have_what_the_heap_keeps => $crate::heap::growing::h26_others_have_what_the_heap_keeps,
            heap_h26_slabs_in_use_stay => $crate::heap::growing::h26_slabs_in_use_stay,
            heap_h26_growing_bit_by_bit => $crate::heap::growing::h26_growing_bit_by_bit,
            heap_h26_two_heaps => $crate::heap::growing::h26_two_heaps,
            heap_small_conformance => $crate::heap::small::conformance,
            heap_small_model => $crate::heap::small::model,
            heap_small_by_c => $crate::heap::small::by_c,
            bounded_conformance => $crate::heap::bounded::conformance,
            bounded_model => $crate::heap::bounded::model,
            bounded_by_c => $crate::heap::bounded::by_c,
            bounded_h11_overflowing_requests => $crate::heap::bounded::h11_overflowing_requests,
            bounded_h23_blocks_come_back_by_narrow_pointers => $crate::heap::bounded::h23_blocks_come_back_by_narrow_pointers,
            h38_small_memory_is_used_up => $crate::heap::bounded::h38_small_memory_is_used_up,
            h38_holes_are_used_up => $crate::heap::bounded::h38_holes_are_used_up,
            heap_c_conformance => $crate::heap::ways::c_conformance,
            heap_c_model => $crate::heap::ways::c_model,
            heap_c_h12_each_claim_fails_once => $crate::heap::ways::c_h12_each_claim_fails_once,
            heap_checked_conformance => $crate::checked::suites::conformance,
            heap_checked_model => $crate::checked::suites::model,
            heap_checked_h12_each_claim_fails_once => $crate::checked::suites::h12_each_claim_fails_once,
            heap_checked_must_find => $crate::checked::must_find::around_heap,
            heap_small_checked_must_find => $crate::checked::must_find::around_small,
            checked_must_find => $crate::checked::must_find::around_bounded,
            checked_bounded => $crate::checked::suites::bounded,
            what_is_done_with_is_filled => $crate::checked::arenas::what_is_done_with_is_filled,
            heap_tagged_conformance => $crate::tagged::conformance,
            heap_tagged_model => $crate::tagged::model,
            heap_tagged_h12_each_refusal_counts_nothing => $crate::tagged::h12_each_refusal_counts_nothing,
            heap_tags_count => $crate::tagged::tags_count,
            heap_a_tag_that_was_written_over_is_lost => $crate::tagged::a_tag_that_was_written_over_is_lost,
            conformance_budget => $crate::budgets::conformance,
            heap_conformance_budget => $crate::budgets::heap_conformance,
            h12_a_budget_is_kept_by_all_that_stand_on_it => $crate::budgets::h12_a_budget_is_kept_by_all_that_stand_on_it,
            heap_in_a_budget => $crate::budgets::a_heap_in_a_budget,
            heap_a_block_grows_within_a_budget => $crate::budgets::a_block_grows_within_a_budget,
            what_grows_takes_of_a_budget_what_is_added => $crate::budgets::what_grows_takes_of_a_budget_what_is_added,
            heap_which_is_it => $crate::heap::which::heap_which_is_it,
            h37_a_spare_is_let_go => $crate::budgets::h37_a_spare_is_let_go,
            ledgers_come_and_go => $crate::conforming::ledgers_come_and_go,
            heap_conformance_within_another => $crate::heap::conforming::within_another,
            heap_h23_blocks_come_back_by_narrow_pointers => $crate::heap::coming_back::h23_by_narrow_pointers,
            heap_h37_a_reserve_is_kept => $crate::heap::reserve::h37_a_reserve_is_kept,
            heap_h38_fresh_memory_is_used_up => $crate::heap::scarce::h38_fresh_memory_is_used_up,
            heap_h38_holes_of_any_size_serve_small_blocks => $crate::heap::scarce::h38_holes_of_any_size_serve_small_blocks,
            heap_h38_the_end_of_memory_that_grew => $crate::heap::scarce::h38_the_end_of_memory_that_grew,
            heap_h38_one_block_of_each_size => $crate::heap::scarce::h38_one_block_of_each_size,
            heap_h38_the_least_region => $crate::heap::scarce::h38_the_least_region,
        }
    };
}

/// Calls a macro with the cases that need Rust's global allocator.
#[cfg(feature = "collections")]
#[macro_export]
macro_rules! for_each_allocator_case {
    ($callback:ident) => {
        $callback! {
            conformance_over_the_global_allocator => $crate::conforming::over_the_global_allocator,
            heap_conformance_over_the_global_allocator => $crate::heap::conforming::over_the_global_allocator,
            heap_h14_loans_are_as_long_as_what_they_are_for => $crate::heap::conforming::h14_loans_are_as_long_as_what_they_are_for,
            heap_boxes => $crate::heap::collections::boxes,
            heap_grown_zeroed => $crate::heap::collections::grown_zeroed,
            heap_in_a_static => $crate::heap::collections::in_a_static,
            bounded_by_allocator => $crate::heap::bounded::by_allocator,
            heap_allocator_conformance => $crate::heap::ways::allocator_conformance,
            heap_allocator_model => $crate::heap::ways::allocator_model,
            heap_allocator_h12_each_claim_fails_once => $crate::heap::ways::allocator_h12_each_claim_fails_once,
            model_over_the_global_allocator => $crate::modelled::over_the_global_allocator,
            heap_h17_no_span_without_bytes => $crate::heap::coming_back::h17_no_span_without_bytes,
            heap_h23_a_boxed_slice_becomes_a_vector => $crate::heap::coming_back::h23_a_boxed_slice_becomes_a_vector,
        }
    };
}

/// Calls a macro with the cases that need a libc.
#[cfg(any(unix, target_os = "wasi"))]
#[macro_export]
macro_rules! for_each_libc_case {
    ($callback:ident) => {
        $callback! {
            conformance_libc => $crate::conforming::libc,
            model_libc => $crate::modelled::libc,
            heap_conformance_libc => $crate::heap::conforming::libc,
        }
    };
}

/// A test: its name, and a function that panics if it fails.
pub type Case = (&'static str, fn());

macro_rules! table {
    ($($name:ident => $case:path,)*) => {
        /// The cases that need no allocator.
        pub const CASES: &[Case] = &[$((stringify!($name), $case)),*];
    };
}

for_each_case!(table);
