"""What geosae promises about faults, and the tests that hold it to that: read by tests/test_promises.py and
benchmarks/promises.py, which counts the cases.

A case is a row of the list of inputs that once went wrong (K1 to K19: silent wrong results; B: tracebacks and
lost work; C: names; D: thin bodies; E: messages).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One sentence to a user, what once broke it, and the tests behind it as file::function below tests/."""

    text: str
    cases: tuple[str, ...]
    tests: tuple[str, ...]


DOOR = ("test_one_door.py::test_a_slip_is_refused_before_anything_is_trained",)
SCALARS = ("test_one_door.py::test_numpy_scalars_are_scalars",)

PROMISES = (
    Promise(
        "A sample is random and seeded; a stream is sampled over its whole length; metrics of what is in "
        "memory are of all rows.",
        ("K1 rows that alternate",),
        (
            "test_sampling.py::test_rows_follow_no_stride_and_every_row_is_drawn_alike",
            "sae/training/test_batches.py::test_a_threshold_is_right_where_rows_alternate",
            "sae/training/test_batches.py::test_final_metrics_are_of_all_points_in_memory",
            "sae/training/test_batches.py::"
            "test_what_is_not_in_memory_is_sampled_at_random_over_its_whole_length",
            "sae/training/test_shuffling.py::test_sorted_blocks_train_badly_without_a_buffer",
            "figures/test_planes.py::test_thinning_is_random_and_never_grows",
        ),
    ),
    Promise(
        "Means over batches are weighted by rows, and BatchTopK's threshold is of the whole sample.",
        ("K2 one row more than a batch",),
        (
            "sae/training/test_batches.py::"
            "test_a_threshold_is_of_the_whole_sample_and_not_a_mean_over_batches",
            "sae/test_gates.py::test_batch_top_k_is_calibrated_to_k_active_neurons",
        ),
    ),
    Promise(
        "A wrong word, type or range is refused before anything is trained, with the nearest right word.",
        ("K3 misspelt words",),
        (*DOOR, "sae/test_config.py::test_unusable_configs_are_refused_by_name"),
    ),
    Promise("A numpy scalar is a scalar.", ("K4 numpy scalars refused",), SCALARS),
    Promise(
        "There is one FVU: in float64, exact at an offset of 1e8, and it never broadcasts.",
        ("K5 float32, uint8 and shapes that broadcast",),
        (
            "data/test_fvu.py::test_there_is_one_fvu",
            "data/test_fvu.py::test_an_offset_costs_no_digits",
            "data/test_fvu.py::test_other_shapes_are_refused_and_never_broadcast",
            "data/test_fvu.py::test_equal_points_have_no_fvu",
            "sae/training/test_train.py::test_fvu_is_computed_in_float64_from_every_type",
        ),
    ),
    Promise(
        "A few rows that carry the variance are named, and a trimmed FVU speaks of the others.",
        ("K19 one row times 1,000",),
        ("data/test_fvu.py::test_one_far_row_is_named_and_the_trimmed_fvu_speaks_of_the_others",),
    ),
    Promise(
        "Parameters of the gate are resampled, reset and stored with their neuron.",
        ("K6 neurons killed by their gate",),
        (
            "sae/training/test_resample.py::test_neurons_that_their_gate_silenced_are_revived",
            "sae/training/test_resample.py::test_parameters_of_the_gate_start_again_too",
            "sae/training/test_resume.py::test_an_interrupted_run_goes_on_bit_for_bit",
        ),
    ),
    Promise(
        "JumpReLU's sparsity weight acts at customary learning rates.",
        ("K18 JumpReLU at a rate of 3e-4",),
        ("sae/training/test_train.py::test_the_weight_of_jumprelu_acts_at_a_customary_learning_rate",),
    ),
    Promise(
        "A borrowed buffer is copied.",
        ("K7 a buffer refilled",),
        (*SCALARS, "sae/training/test_batches.py::test_a_buffer_that_is_filled_again_and_again_is_copied"),
    ),
    Promise(
        "A membership or firing mask is bool or exact 0 and 1; numbers that float64 cannot hold and "
        "masked arrays are refused by name.",
        ("K8 integers as masks", "K9 2**53 + 1", "K10 masked arrays"),
        (*DOOR, *SCALARS, "data/test_dataset.py::test_membership_takes_zeros_and_ones_only"),
    ),
    Promise(
        "An imported SAE keeps its normalisation wherever it meets points.",
        ("K11 an SAE that normalises its input",),
        (
            "sae/interop/test_reading.py::test_an_imported_sae_is_analysed_in_its_own_space",
            "sae/interop/test_reading.py::test_kept_and_read_again",
            "test_imported_paths.py::test_the_path_gives_what_the_formulas_give",
            "test_imported_paths.py::test_every_public_function_that_takes_an_sae_is_in_the_table",
            "test_imported_paths.py::test_the_table_would_notice_a_normalisation_that_is_left_out",
        ),
    ),
    Promise(
        "Tables are told by what they hold: delimiter, encoding, contexts from membership, points from "
        "tables.",
        (
            "K12 membership read as a context", "K13 semicolons, tabs, UTF-16",
            "E points as .csv or .pt", "E usual tables", "E .ctx",
        ),
        (
            "cli/test_lattice.py::test_a_table_of_membership_is_told_apart_from_a_context",
            "fca/test_formats.py::test_delimiters_and_encodings_are_told_by_the_file",
            "fca/test_formats.py::test_a_table_of_membership_is_no_context",
            "fca/test_formats.py::test_the_other_ending_of_burmeisters_format_is_read",
            "data/test_sources.py::test_usual_tables_of_membership_are_read",
            "data/test_sources.py::test_points_are_read_from_tables",
            "data/test_sources.py::test_missing_pickled_and_archived_files_are_refused",
        ),
    ),
    Promise(
        "What a run's result depends on is in its key: a file world by its bytes, the kernel that trains.",
        ("K14 a file replaced between runs",),
        (
            "experiments/test_runner.py::test_a_file_that_was_replaced_makes_other_cells",
            "experiments/test_plan.py::test_the_key_depends_on_everything_but_the_label_and_the_order_of_keys",
            "experiments/test_runner.py::test_a_run_without_numba_has_other_keys_and_is_not_mixed_with_one_that_had_it",
        ),
    ),
    Promise(
        "Every stored record carries a hash, and a damaged one is named with the remedy.",
        ("K17 edited metrics and seeds", "B null or [] in a run folder"),
        (
            "experiments/test_runner.py::test_an_edited_record_is_refused_and_computed_again_once_deleted",
            "sae/test_checkpoint.py::test_an_edited_card_is_refused_with_the_remedy",
            "sae/test_checkpoint.py::test_one_flipped_bit_is_refused",
            "storage/test_structure.py::test_any_edit_of_a_stored_record_is_refused_with_the_remedy",
            "data/test_dataset_file.py::test_any_changed_byte_of_the_file_is_refused_or_harmless",
            "figures/test_damaged_records.py::test_damaged_json_is_refused_by_its_file",
        ),
    ),
    Promise(
        "A worker or check that dies is a failure with exit 1, and the same command tries it again.",
        ("K16 workers of checks killed", "B a broken worker of a sweep"),
        (
            "experiments/test_runner.py::test_checks_whose_workers_die_are_failures_and_are_tried_again",
            "cli/test_train.py::test_a_worker_of_a_sweep_that_dies_is_named_and_tried_again",
            "sae/training/test_grid.py::test_a_process_that_dies_is_tried_again_alone_and_named",
            "test_parallel.py::test_a_task_that_kills_its_worker_is_named_and_loses_no_other",
            "cli/test_outputs.py::test_figures_whose_worker_dies_are_a_failure_that_counts",
        ),
    ),
    Promise(
        "What was computed is kept: a training state goes only when the result is safe, and nothing "
        "finished is written over.",
        ("B TrainingDiverged", "B the state deleted too early", "B states left by kills", "B train -o twice"),
        (
            "cli/test_train.py::test_a_training_that_diverges_ends_in_its_reason_and_loses_no_other",
            "cli/test_train.py::test_a_finished_sae_is_not_overwritten",
            "sae/training/test_resume.py::test_an_interrupted_run_goes_on_bit_for_bit",
            "storage/test_files.py::test_a_failed_write_leaves_the_old_file_and_no_other",
            "storage/test_files.py::test_what_dead_processes_left_goes_and_what_living_ones_write_stays",
            "cli/test_outputs.py::test_what_is_analysed_is_kept_when_the_disk_fills",
        ),
    ),
    Promise(
        "An output that cannot be written is one line, before the work where possible.",
        ("B an output that is a file or lies on a full disk",),
        (
            "cli/test_train.py::test_an_output_that_is_a_file_is_refused_before_any_work",
            "storage/test_files.py::test_a_full_disk_and_a_file_in_the_way_are_one_clear_error",
            "cli/test_outputs.py::test_a_file_in_the_way_is_refused_at_once",
            "cli/test_outputs.py::test_a_full_disk_is_one_line_at_once",
            "cli/test_outputs.py::test_a_folder_that_another_process_writes_into_is_refused_at_once",
        ),
    ),
    Promise(
        "What geosae writes, geosae reads: imported SAEs are saved, converted and loaded alike, and an "
        "alignment has a lattice.",
        ("B save(imported.sae)", "B convert --to geosae", "B concept_lattice(alignment)"),
        (
            "sae/interop/test_reading.py::test_kept_and_read_again",
            "cli/test_convert.py::test_kept_in_geosaes_form_and_analysed",
            "experiments/test_runner.py::test_the_lattice_of_an_alignment_is_that_of_detection",
        ),
    ),
    Promise(
        "A damaged or hostile file is refused by its name and place, before memory is taken.",
        (
            "B rows_ints.json", "B surrogate.json", "B nested brackets", "B a label of 200,000 characters",
            "B a count of 5,000 digits", "B ragged lists", "B mutated .npy headers",
            "C zero_attr_truncated.cxt", "C multiline_label.csv", "C big_item.fimi",
        ),
        (
            *DOOR,
            "fca/test_formats.py::test_files_that_went_wrong_are_refused_by_place",
            "fca/test_formats.py::test_wrong_json_is_refused",
            "fca/test_formats.py::test_a_long_label_of_a_table_is_read_and_the_limit_of_the_process_stays",
            "fca/test_formats.py::test_sizes_are_estimated_before_a_table_is_made",
            "data/test_sources.py::test_a_mutated_header_is_read_or_refused_by_name",
            "data/test_sources.py::test_a_header_cut_within_brackets_is_refused",
            "data/test_sources.py::test_a_shape_that_the_file_does_not_hold_is_refused_before_memory_is_taken",
            "storage/test_files.py::test_what_is_not_json_is_refused_by_the_file",
            "fuzz/test_readers.py::test_what_asks_for_all_memory_or_time_is_refused_by_name_within_512_mib",
            "fuzz/test_readers.py::test_what_fuzzing_found_is_refused_by_name",
            "fuzz/test_readers.py::test_changed_files_are_read_or_refused",
        ),
    ),
    Promise(
        "Any label is drawn and written literally, comes back, and has a file of its own; what cannot is "
        "refused at the door.",
        (
            "K15 worlds named 'A b' and 'A-b'",
            "C dollar.csv", "C a lone carriage return", "C labels that are no text", "C =HYPERLINK",
            "C blank or repeated labels of rules",
        ),
        (
            "figures/test_names.py::test_any_label_is_drawn_without_error",
            "figures/test_names.py::test_dollars_stand_in_the_figure_as_in_the_file",
            "figures/test_names.py::test_worlds_have_a_figure_each",
            "figures/test_names.py::test_no_text_of_a_table_is_a_formula_or_a_command",
            "figures/test_names.py::test_rules_name_each_attribute_apart",
            "fca/test_formats.py::test_any_label_comes_back_or_is_refused_by_name",
            "fca/test_formats.py::test_labels_that_are_no_text_are_refused_at_the_door",
            "fca/test_formats.py::test_csv_and_json_round_trip",
            "data/test_dataset.py::test_names_of_any_characters_are_kept_and_what_no_file_holds_is_refused",
            "report/test_pages.py::test_text_and_attributes_never_become_markup",
        ),
    ),
    Promise(
        "A label of a lattice stands at one node, and no label is a count of one.",
        ("C labels between two nodes", "C counts of 1"),
        (
            "figures/test_lattice.py::test_a_label_belongs_to_one_node_only",
            "figures/test_lattice.py::test_no_label_is_a_count_of_one",
        ),
    ),
    Promise(
        "Approximation does not depend on the coordinates.",
        ("D thin bodies",),
        (
            "geometry/approximation/test_polyhedra_around.py::"
            "test_the_least_triangle_does_not_depend_on_the_coordinates",
        ),
    ),
    Promise(
        "Geometry at 1e±300 is right or refused by name.",
        ("B Arrangement, TopKCells and irreducible_error at 1e±300",),
        (
            "geometry/arrangements/test_arrangement.py::test_cells_at_the_ends_of_the_floats",
            "geometry/arrangements/test_arrangement.py::test_polygons_of_cells_at_the_ends_of_the_floats",
            "geometry/arrangements/test_power_diagram.py::test_kept_sets_at_the_ends_of_the_floats",
            "geometry/approximation/test_irreducible_error.py::"
            "test_scales_that_floats_cannot_square_are_refused_by_name",
        ),
    ),
    Promise(
        "Verdicts do not depend on the unit of length.",
        (),
        (
            "geometry/test_scales.py::test_separate_does_not_know_the_unit",
            "geometry/test_scales.py::test_detection_does_not_know_the_unit",
            "geometry/test_scales.py::test_cells_do_not_know_the_unit",
            "geometry/test_scales.py::test_an_approximation_does_not_know_the_unit",
            "geometry/test_scales.py::test_an_irreducible_error_does_not_know_the_unit",
        ),
    ),
    Promise(
        "Every public function answers odd arguments rightly or refuses them by name.",
        (),
        (
            "test_odd_arguments.py::test_odd_arguments_are_answered_rightly_or_refused_by_name",
            "test_odd_arguments.py::test_a_function_that_takes_anything_is_found_out",
        ),
    ),
    Promise(
        "An SAE of another library says by which rule it runs, and is held against its card.",
        (),
        (
            "sae/interop/test_comparison.py::test_three_rules_of_inference_give_three_l0s",
            "sae/interop/test_comparison.py::test_every_format_says_what_it_declares_and_is_compared",
            "sae/interop/test_round_trip.py::test_saved_or_converted_and_loaded_it_is_the_same",
        ),
    ),
    Promise(
        "A solver that does not end is ended and named.",
        ("an install with scipy 1.14",),
        ("geometry/test_program.py::test_a_solver_that_takes_too_long_is_ended_and_named",),
    ),
    Promise(
        "The releases that are declared are those that were tried.",
        ("an install with typer 0.15 or matplotlib 3.9",),
        (
            "test_environments.py::test_the_lowest_constraints_are_the_declared_bounds",
            "test_environments.py::test_the_workflow_tries_the_lowest_and_the_newest",
        ),
    ),
    Promise(
        "A message names what the reader can do where they are.",
        ("E allow_trivial from the command line", "E one rare concept"),
        ("cli/test_commands.py::test_one_rare_concept_does_not_stop_the_job_and_points_may_be_a_table",),
    ),
)  # fmt: skip
