"""The attributes of a SmartHR person (Crew): order, kinds of value, labels."""

from __future__ import annotations

from typing import Final

_NAMES: Final = (
    "last_name first_name last_name_yomi first_name_yomi business_last_name business_first_name "
    "business_last_name_yomi business_first_name_yomi"
)
_EMERGENCY: Final = (
    "emergency_relation_name emergency_last_name emergency_first_name emergency_last_name_yomi "
    "emergency_first_name_yomi emergency_tel_number"
)
# devidend_income_flag is written so by SmartHR
_ORDER: Final = f"""
id user_id biz_establishment_id emp_code emp_type emp_status employment_type {_NAMES}
preferred_last_name preferred_first_name preferred_last_name_yomi preferred_first_name_yomi
birth_at gender identity_card_image1 identity_card_image2 tel_number email profile_images
address address_image address_head_of_family address_relation_name resident_card_address
resident_card_address_head_of_family resident_card_address_relation_name {_EMERGENCY}
emergency_address position positions occupation entered_at resigned_at resigned_reason resume1
resume2 emp_ins_insured_person_number emp_ins_insured_person_number_image
emp_ins_insured_person_number_unknown_reason_type emp_ins_qualified_at emp_ins_disqualified_at
previous_workplace previous_employment_start_on previous_employment_end_on
soc_ins_insured_person_number hel_ins_insured_person_number basic_pension_number
basic_pension_number_image basic_pension_number_unknown_reason_type
first_enrolling_in_emp_pns_ins_flag first_workplace first_workplace_address_text
first_employment_start_on first_employment_end_on last_workplace last_workplace_address_text
last_employment_start_on last_employment_end_on soc_ins_qualified_at soc_ins_disqualified_at
health_insurance_qualified_at health_insurance_disqualified_at
employees_pension_insurance_qualified_at employees_pension_insurance_disqualified_at
insurance_premium_calculation_type health_insurance_premium_company
health_insurance_premium_individual care_insurance_premium_company
care_insurance_premium_individual child_care_support_fund_company
child_care_support_fund_individual employees_pension_insurance_premium_company
employees_pension_insurance_premium_individual child_care_contribution
having_spouse spouse_yearly_income monthly_income_currency monthly_income_goods
monthly_base_salary payment_period monthly_standard_income_updated_at
monthly_standard_income_hel monthly_standard_income_pns nearest_station_and_line
commutation_1_expenses commutation_1_period commutation_1_single_fare commutation_2_expenses
commutation_2_period commutation_2_single_fare foreign_resident_last_name
foreign_resident_first_name foreign_resident_middle_name foreign_resident_card_number
foreign_resident_card_image1 foreign_resident_card_image2 nationality_code resident_status_type
resident_status_other_reason resident_end_at having_ex_activity_permission
other_be_workable_type bank_accounts department departments grade job_category recruitment_type
contract_type contract_start_on contract_end_on contract_renewal_type handicapped_type
handicapped_note_type handicapped_note_delivery_at handicapped_image working_student_flag
school_name student_card_image enrolled_at working_student_income employment_income_flag
business_income_flag devidend_income_flag estate_income_flag widow_type widow_reason_type
widow_memo tax_cd custom_fields created_at updated_at
"""

ORDER: Final = tuple(_ORDER.split())
LISTS: Final = frozenset(
    {"positions", "departments", "custom_fields", "bank_accounts", "profile_images"}
)
COMPUTED: Final = frozenset(
    "id emp_type employment_type preferred_last_name preferred_first_name department departments "
    "preferred_last_name_yomi preferred_first_name_yomi position created_at updated_at "
    "profile_images payment_period biz_establishment".split()
)
"""What a response shows and a request cannot set directly."""
WRITE_ONLY: Final = frozenset({"employment_type_id", "department_ids", "payment_period_id"})
WRITABLE: Final = (frozenset(ORDER) - COMPUTED) | WRITE_ONLY
_OBJECTS: Final = ("_image", "_image1", "_image2", "address")
OBJECTS: Final = frozenset(name for name in ORDER if name.endswith(_OBJECTS)) | {
    "resume1",
    "resume2",
}
ADDRESSES: Final = ("address", "resident_card_address", "emergency_address")
NAMED: Final = {
    "grade": "grades",
    "job_category": "job_categories",
    "recruitment_type": "recruitment_types",
}
"""Read as objects, written as names."""

DATES: Final = frozenset(
    name for name in ORDER if name.endswith(("_at", "_on")) and name not in COMPUTED
)
YOMI: Final = frozenset(
    name for name in ORDER if name.endswith("_yomi") and not name.startswith("preferred")
)
_AMOUNTS: Final = tuple(
    "_expenses _fare _income _salary _currency _goods _company _individual".split()
)
INTEGERS: Final = frozenset(name for name in ORDER if name.endswith(_AMOUNTS)) | {
    "child_care_contribution",
    "soc_ins_insured_person_number",
    "hel_ins_insured_person_number",
}
BOOLEANS: Final = frozenset(name for name in ORDER if name.endswith("_flag")) | {"having_spouse"}

PRESETS: Final = (
    "board_member full_timer contract_worker permatemp part_timer outsourcing_contractor etc"
).split()
ENUMS: Final[dict[str, tuple[str, ...]]] = {
    "gender": ("male", "female"),
    "emp_status": ("employed", "absent", "retired"),
    "contract_type": ("unlimited", "fixed_term"),
    "contract_renewal_type": ("renewal", "none", "auto_renewal"),
    "other_be_workable_type": ("other_be_workable", "others"),
    "insurance_premium_calculation_type": ("rate", "fixed"),
    "having_ex_activity_permission": ("permitted", "none"),
    "handicapped_type": ("ordinary_handicapped", "special_handicapped"),
    "widow_type": ("widow", "single_parent"),
    "widow_reason_type": ("divorce", "bereavement", "missing", "unmarried"),
    "tax_cd": ("kou", "otsu", "hei", "reward", "non_resident", "no_taxation_required"),
}
REFERENCES: Final = {
    "biz_establishment_id": "biz_establishments",
    "employment_type_id": "employment_types",
    "payment_period_id": "payment_periods",
    "user_id": "users",
}
# SmartHR refuses to take these away from somebody who has them
NEVER_EMPTIED: Final = frozenset(
    "last_name first_name last_name_yomi first_name_yomi gender birth_at address".split()
)
STRICTLY_NEEDED: Final = tuple(
    "emp_status last_name first_name last_name_yomi first_name_yomi gender".split()
)
LENGTHS: Final = {"occupation": 30}  # the only length that SmartHR is known to complain of
LONGEST: Final = 255

LABELS: Final = {
    "emp_code": "社員番号",
    "emp_status": "在籍状況",
    "last_name": "姓",
    "first_name": "名",
    "last_name_yomi": "姓（カタカナ）",
    "first_name_yomi": "名（カタカナ）",
    "business_last_name": "ビジネスネーム：姓",
    "business_first_name": "ビジネスネーム：名",
    "business_last_name_yomi": "ビジネスネーム：姓（カタカナ）",
    "business_first_name_yomi": "ビジネスネーム：名（カタカナ）",
    "birth_at": "生年月日",
    "gender": "戸籍上の性別",
    "email": "メールアドレス",
    "address": "現住所",
    "occupation": "業務内容",
    "entered_at": "入社年月日",
    "resigned_at": "退職年月日",
    "biz_establishment_id": "事業所",
    "employment_type_id": "雇用形態",
    "emp_type": "雇用形態",
    "department_ids": "部署",
    "positions": "役職",
    "custom_fields": "カスタム項目",
}
