//! The types beside a row: of its structs, enums and unions.

use super::TypeNames;
use crate::codegen::rust_type::{GeneratedType, RustType, Shape};
use crate::codegen::tokens::documentation;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The definitions of a module's generated types, and how each is read.
pub(super) fn generated_types(
    generated: &[GeneratedType],
    row: &Ident,
    names: &TypeNames<'_>,
) -> TokenStream {
    let definitions = generated.iter().map(|generated| {
        let text = format!(
            "`{}` of [`{row}`]: `{}`",
            generated.place, generated.sql_type
        );
        let about = documentation(&text, false);
        let definition = match &generated.shape {
            Shape::Struct(fields) => structure(&generated.name, fields, names),
            Shape::Enum(labels) => enumeration(&generated.name, labels, names),
            Shape::Union(members) => union(&generated.name, members, names),
        };
        quote!(#about #definition)
    });
    quote!(#(#definitions)*)
}

/// `impl FromValue for …`
fn from_value(name: &Ident, names: &TypeNames<'_>, statements: TokenStream) -> TokenStream {
    let (from_value, value) = (names.rows("FromValue"), names.rows("Value"));
    let result = names.result(quote!(Self), names.rows("Mismatch"));
    quote! {
        impl #from_value for #name {
            fn from_value(value: #value) -> #result {
                #statements
            }
        }
    }
}

fn structure(
    name: &Ident,
    fields: &[(String, Ident, RustType)],
    names: &TypeNames<'_>,
) -> TokenStream {
    let definitions = fields.iter().map(|(sql_name, field, rust_type)| {
        let about = documentation(&format!("`{sql_name}`"), false);
        let about = (!sql_name.is_empty()).then_some(about);
        let rust_type = names.of(rust_type);
        quote!(#about pub #field: #rust_type)
    });
    let takes = fields
        .iter()
        .map(|(sql_name, field, _)| quote!(#field: fields.take(#sql_name)?));
    let fields_type = names.rows("Fields");
    let read = from_value(
        name,
        names,
        quote! {
            let mut fields = #fields_type::of(value)?;
            Ok(Self { #(#takes),* })
        },
    );
    quote! {
        #[derive(Debug, Clone, PartialEq)]
        pub struct #name { #(#definitions),* }

        #read
    }
}

fn enumeration(name: &Ident, labels: &[(String, Ident)], names: &TypeNames<'_>) -> TokenStream {
    let variants = labels.iter().map(|(label, variant)| {
        let about = documentation(&format!("`{label}`"), false);
        quote!(#about #variant)
    });
    let pairs = labels
        .iter()
        .map(|(label, variant)| quote!((#label, Self::#variant)));
    let read_label = names.rows("read_label");
    let read = from_value(name, names, quote!(#read_label(value, &[#(#pairs),*])));
    quote! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum #name { #(#variants),* }

        #read
    }
}

fn union(
    name: &Ident,
    members: &[(String, Ident, RustType)],
    names: &TypeNames<'_>,
) -> TokenStream {
    let variants = members.iter().map(|(member, variant, rust_type)| {
        let about = documentation(&format!("`{member}`"), false);
        let rust_type = names.of(rust_type);
        quote!(#about #variant(#rust_type))
    });
    let from = names.rows("FromValue");
    let arms = members.iter().map(
        |(member, variant, _)| quote!(#member => #from::from_value(value).map(Self::#variant)),
    );
    let (read_member, unknown) = (names.rows("read_member"), names.rows("unknown_member"));
    let read = from_value(
        name,
        names,
        quote! {
            let (member, value) = #read_member(value)?;
            match member.as_str() {
                #(#arms,)*
                _ => Err(#unknown(&member)),
            }
        },
    );
    quote! {
        #[derive(Debug, Clone, PartialEq)]
        pub enum #name { #(#variants),* }

        #read
    }
}
