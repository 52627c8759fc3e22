//! Every kind of change between two versions of a schema, and whether readers of the new one stand it. The names are those
//! that Confluent's registry answers with, so that its clients understand them; the last group is Loom's own.

/// What a kind of change means for who reads old records by the new schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    Breaks,
    /// It depends on what stands there: it breaks where a document shows it.
    Shown,
}

macro_rules! kinds {
    ($($verdict:ident { $($kind:ident = $name:literal,)* })*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($($kind,)*)* }

        impl Kind {
            #[cfg(test)]
            pub const ALL: &[Kind] = &[$($(Kind::$kind,)*)*];

            /// As answers carry it: fixed for ever.
            pub fn name(self) -> &'static str {
                match self { $($(Kind::$kind => $name,)*)* }
            }
            pub fn verdict(self) -> Verdict {
                match self { $($(Kind::$kind => Verdict::$verdict,)*)* }
            }
        }
    };
}

kinds! {
    Fine {
        IdChanged = "ID_CHANGED",
        TitleChanged = "TITLE_CHANGED",
        DescriptionChanged = "DESCRIPTION_CHANGED",
        DefaultChanged = "DEFAULT_CHANGED",
        SchemaRemoved = "SCHEMA_REMOVED",
        TypeExtended = "TYPE_EXTENDED",
        MaxLengthIncreased = "MAX_LENGTH_INCREASED",
        MaxLengthRemoved = "MAX_LENGTH_REMOVED",
        MinLengthDecreased = "MIN_LENGTH_DECREASED",
        MinLengthRemoved = "MIN_LENGTH_REMOVED",
        PatternRemoved = "PATTERN_REMOVED",
        MaximumIncreased = "MAXIMUM_INCREASED",
        MaximumRemoved = "MAXIMUM_REMOVED",
        MinimumDecreased = "MINIMUM_DECREASED",
        MinimumRemoved = "MINIMUM_REMOVED",
        ExclusiveMaximumIncreased = "EXCLUSIVE_MAXIMUM_INCREASED",
        ExclusiveMaximumRemoved = "EXCLUSIVE_MAXIMUM_REMOVED",
        ExclusiveMinimumDecreased = "EXCLUSIVE_MINIMUM_DECREASED",
        ExclusiveMinimumRemoved = "EXCLUSIVE_MINIMUM_REMOVED",
        MultipleOfReduced = "MULTIPLE_OF_REDUCED",
        MultipleOfRemoved = "MULTIPLE_OF_REMOVED",
        RequiredAttributeWithDefaultAdded = "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
        RequiredAttributeRemoved = "REQUIRED_ATTRIBUTE_REMOVED",
        DependencyArrayNarrowed = "DEPENDENCY_ARRAY_NARROWED",
        DependencyArrayRemoved = "DEPENDENCY_ARRAY_REMOVED",
        DependencySchemaRemoved = "DEPENDENCY_SCHEMA_REMOVED",
        MaxPropertiesIncreased = "MAX_PROPERTIES_INCREASED",
        MaxPropertiesRemoved = "MAX_PROPERTIES_REMOVED",
        MinPropertiesDecreased = "MIN_PROPERTIES_DECREASED",
        MinPropertiesRemoved = "MIN_PROPERTIES_REMOVED",
        AdditionalPropertiesAdded = "ADDITIONAL_PROPERTIES_ADDED",
        AdditionalPropertiesExtended = "ADDITIONAL_PROPERTIES_EXTENDED",
        UnevaluatedPropertiesAdded = "UNEVALUATED_PROPERTIES_ADDED",
        UnevaluatedPropertiesExtended = "UNEVALUATED_PROPERTIES_EXTENDED",
        PropertyWithEmptySchemaAddedToOpenContentModel = "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        RequiredPropertyWithDefaultAddedToUnopenContentModel = "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
        OptionalPropertyAddedToUnopenContentModel = "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        PropertyWithFalseRemovedFromClosedContentModel = "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        PropertyRemovedFromOpenContentModel = "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
        PropertyAddedIsCoveredByPartiallyOpenContentModel = "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        PropertyRemovedIsCoveredByPartiallyOpenContentModel = "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        MaxItemsIncreased = "MAX_ITEMS_INCREASED",
        MaxItemsRemoved = "MAX_ITEMS_REMOVED",
        MinItemsDecreased = "MIN_ITEMS_DECREASED",
        MinItemsRemoved = "MIN_ITEMS_REMOVED",
        MaxContainsIncreased = "MAX_CONTAINS_INCREASED",
        MaxContainsRemoved = "MAX_CONTAINS_REMOVED",
        MinContainsDecreased = "MIN_CONTAINS_DECREASED",
        MinContainsRemoved = "MIN_CONTAINS_REMOVED",
        UniqueItemsRemoved = "UNIQUE_ITEMS_REMOVED",
        AdditionalItemsAdded = "ADDITIONAL_ITEMS_ADDED",
        AdditionalItemsExtended = "ADDITIONAL_ITEMS_EXTENDED",
        UnevaluatedItemsAdded = "UNEVALUATED_ITEMS_ADDED",
        UnevaluatedItemsExtended = "UNEVALUATED_ITEMS_EXTENDED",
        ItemWithEmptySchemaAddedToOpenContentModel = "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        ItemAddedToClosedContentModel = "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
        ItemWithFalseRemovedFromClosedContentModel = "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        ItemRemovedFromOpenContentModel = "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
        ItemAddedIsCoveredByPartiallyOpenContentModel = "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        ItemRemovedIsCoveredByPartiallyOpenContentModel = "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        EnumArrayExtended = "ENUM_ARRAY_EXTENDED",
        CombinedTypeExtended = "COMBINED_TYPE_EXTENDED",
        ProductTypeNarrowed = "PRODUCT_TYPE_NARROWED",
        SumTypeExtended = "SUM_TYPE_EXTENDED",
        NotTypeNarrowed = "NOT_TYPE_NARROWED",
    }
    Breaks {
        SchemaAdded = "SCHEMA_ADDED",
        TypeNarrowed = "TYPE_NARROWED",
        TypeChanged = "TYPE_CHANGED",
        MaxLengthAdded = "MAX_LENGTH_ADDED",
        MaxLengthDecreased = "MAX_LENGTH_DECREASED",
        MinLengthAdded = "MIN_LENGTH_ADDED",
        MinLengthIncreased = "MIN_LENGTH_INCREASED",
        PatternAdded = "PATTERN_ADDED",
        PatternChanged = "PATTERN_CHANGED",
        MaximumAdded = "MAXIMUM_ADDED",
        MaximumDecreased = "MAXIMUM_DECREASED",
        MinimumAdded = "MINIMUM_ADDED",
        MinimumIncreased = "MINIMUM_INCREASED",
        ExclusiveMaximumAdded = "EXCLUSIVE_MAXIMUM_ADDED",
        ExclusiveMaximumDecreased = "EXCLUSIVE_MAXIMUM_DECREASED",
        ExclusiveMinimumAdded = "EXCLUSIVE_MINIMUM_ADDED",
        ExclusiveMinimumIncreased = "EXCLUSIVE_MINIMUM_INCREASED",
        MultipleOfAdded = "MULTIPLE_OF_ADDED",
        MultipleOfExpanded = "MULTIPLE_OF_EXPANDED",
        MultipleOfChanged = "MULTIPLE_OF_CHANGED",
        RequiredAttributeAdded = "REQUIRED_ATTRIBUTE_ADDED",
        DependencyArrayAdded = "DEPENDENCY_ARRAY_ADDED",
        DependencyArrayExtended = "DEPENDENCY_ARRAY_EXTENDED",
        DependencyArrayChanged = "DEPENDENCY_ARRAY_CHANGED",
        DependencySchemaAdded = "DEPENDENCY_SCHEMA_ADDED",
        MaxPropertiesAdded = "MAX_PROPERTIES_ADDED",
        MaxPropertiesDecreased = "MAX_PROPERTIES_DECREASED",
        MinPropertiesAdded = "MIN_PROPERTIES_ADDED",
        MinPropertiesIncreased = "MIN_PROPERTIES_INCREASED",
        AdditionalPropertiesRemoved = "ADDITIONAL_PROPERTIES_REMOVED",
        AdditionalPropertiesNarrowed = "ADDITIONAL_PROPERTIES_NARROWED",
        UnevaluatedPropertiesRemoved = "UNEVALUATED_PROPERTIES_REMOVED",
        UnevaluatedPropertiesNarrowed = "UNEVALUATED_PROPERTIES_NARROWED",
        PropertyAddedToOpenContentModel = "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        RequiredPropertyAddedToUnopenContentModel = "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        PropertyRemovedFromClosedContentModel = "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        PropertyAddedNotCoveredByPartiallyOpenContentModel = "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        PropertyRemovedNotCoveredByPartiallyOpenContentModel = "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        MaxItemsAdded = "MAX_ITEMS_ADDED",
        MaxItemsDecreased = "MAX_ITEMS_DECREASED",
        MinItemsAdded = "MIN_ITEMS_ADDED",
        MinItemsIncreased = "MIN_ITEMS_INCREASED",
        MaxContainsAdded = "MAX_CONTAINS_ADDED",
        MaxContainsDecreased = "MAX_CONTAINS_DECREASED",
        MinContainsAdded = "MIN_CONTAINS_ADDED",
        MinContainsIncreased = "MIN_CONTAINS_INCREASED",
        UniqueItemsAdded = "UNIQUE_ITEMS_ADDED",
        AdditionalItemsRemoved = "ADDITIONAL_ITEMS_REMOVED",
        AdditionalItemsNarrowed = "ADDITIONAL_ITEMS_NARROWED",
        UnevaluatedItemsRemoved = "UNEVALUATED_ITEMS_REMOVED",
        UnevaluatedItemsNarrowed = "UNEVALUATED_ITEMS_NARROWED",
        ItemAddedToOpenContentModel = "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
        ItemRemovedFromClosedContentModel = "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        ItemAddedNotCoveredByPartiallyOpenContentModel = "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        ItemRemovedNotCoveredByPartiallyOpenContentModel = "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        EnumArrayNarrowed = "ENUM_ARRAY_NARROWED",
        EnumArrayChanged = "ENUM_ARRAY_CHANGED",
        CombinedTypeChanged = "COMBINED_TYPE_CHANGED",
        CombinedTypeSubschemasChanged = "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
        ProductTypeExtended = "PRODUCT_TYPE_EXTENDED",
        SumTypeNarrowed = "SUM_TYPE_NARROWED",
        NotTypeExtended = "NOT_TYPE_EXTENDED",
        TooLargeToCompare = "TOO_LARGE_TO_COMPARE",
    }
    Shown {
        FormatChanged = "FORMAT_CHANGED",
        PropertyNamesChanged = "PROPERTY_NAMES_CHANGED",
        PatternPropertiesChanged = "PATTERN_PROPERTIES_CHANGED",
        UndeclaredPropertyRequired = "UNDECLARED_PROPERTY_REQUIRED",
        ContainsChanged = "CONTAINS_CHANGED",
        ConditionChanged = "CONDITION_CHANGED",
    }
}

impl Kind {
    /// What it means, for a person.
    pub fn sentence(self) -> String {
        let known = match self {
            Kind::PropertyAddedToOpenContentModel => {
                "a property is added where any further property was allowed: old documents may hold anything under its name"
            }
            Kind::PropertyRemovedFromClosedContentModel => {
                "a property is removed where no further one is allowed: old documents that have it are refused"
            }
            Kind::RequiredAttributeAdded | Kind::RequiredPropertyAddedToUnopenContentModel | Kind::UndeclaredPropertyRequired => {
                "a property is required now and has no default: old documents may lack it"
            }
            Kind::AdditionalPropertiesRemoved => "further properties are not allowed any more: old documents may have some",
            Kind::TypeChanged => "the type is another one",
            Kind::TypeNarrowed => "whole numbers alone are taken now",
            Kind::EnumArrayNarrowed => "some of the values are not in the list any more",
            Kind::SchemaAdded => "what was free before has a schema now",
            Kind::SumTypeNarrowed => "fewer alternatives are taken",
            Kind::ProductTypeExtended => "more schemas have to hold at once",
            Kind::CombinedTypeSubschemasChanged => "not every alternative of the old schema is covered by one of the new",
            Kind::FormatChanged => "texts are held against another format",
            Kind::TooLargeToCompare => "the schemas are too large or refer too deeply to be compared: split them",
            _ => return self.name().to_ascii_lowercase().replace('_', " "),
        };
        known.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unlike_and_written_as_their_kinds() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|k| k.name()).collect();
        for kind in Kind::ALL {
            assert_eq!(format!("{kind:?}").to_ascii_lowercase(), kind.name().replace('_', "").to_ascii_lowercase());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
