//! The attribute macros of the Rust SDK. Use them through the crate `twobot`.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{ItemImpl, parse_macro_input};

/// Makes `impl Plugin for T` the component's plugin: the one that the host calls.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let implementation = parse_macro_input!(item as ItemImpl);
    expand(&arguments.into(), &implementation, "Plugin", &quote!(export_plugin), &quote!(plugin)).into()
}

/// Makes `impl Gateway for T` the component's gateway: the one that the host calls.
#[proc_macro_attribute]
pub fn gateway(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let implementation = parse_macro_input!(item as ItemImpl);
    expand(&arguments.into(), &implementation, "Gateway", &quote!(export_gateway), &quote!(gateway)).into()
}

fn expand(arguments: &Tokens, item: &ItemImpl, expected: &str, export: &Tokens, world: &Tokens) -> Tokens {
    if let Err(error) = check(arguments, item, expected) {
        let message = error.to_compile_error();
        return quote!(#message #item);
    }
    let component = &item.self_ty;
    // Exported names are only wanted, and only well-formed, in a component. Elsewhere the crate is an ordinary library, so
    // that its logic can be tested on the author's machine.
    quote! {
        #item

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "exporting a function by name is the whole of a component's unsafe code")]
        const _: () = {
            type Component = #component;
            ::twobot::bindings::#world::#export!(Component with_types_in ::twobot::bindings::#world);
        };
    }
}

fn check(arguments: &Tokens, item: &ItemImpl, expected: &str) -> syn::Result<()> {
    if !arguments.is_empty() {
        return Err(syn::Error::new_spanned(arguments, "this attribute takes no arguments"));
    }
    let is_expected = item
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last())
        .is_some_and(|segment| segment.ident == expected);
    if !is_expected {
        return Err(syn::Error::new_spanned(
            &item.self_ty,
            format!("this attribute belongs on `impl {expected} for …`"),
        ));
    }
    if !item.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&item.generics, "a component can not be generic"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn expanded(arguments: Tokens, item: &ItemImpl) -> String {
        expand(&arguments, item, "Plugin", &quote!(export_plugin), &quote!(plugin)).to_string()
    }

    #[test]
    fn exports_the_type_that_implements_the_trait() {
        let code = expanded(quote!(), &parse_quote!(impl Plugin for inner::Echo {}));
        assert!(code.contains("type Component = inner :: Echo"), "{code}");
        assert!(!code.contains("compile_error"), "{code}");
    }

    #[test]
    fn says_what_is_wrong() {
        let cases: [(Tokens, ItemImpl, &str); 4] = [
            (quote!(fast), parse_quote!(impl Plugin for Echo {}), "takes no arguments"),
            (quote!(), parse_quote!(impl Gateway for Echo {}), "belongs on `impl Plugin for"),
            (quote!(), parse_quote!(impl Echo {}), "belongs on `impl Plugin for"),
            (
                quote!(),
                parse_quote!(
                    impl<T> Plugin for Echo<T> {}
                ),
                "can not be generic",
            ),
        ];
        for (arguments, item, expected) in cases {
            let code = expanded(arguments, &item);
            assert!(code.contains("compile_error") && code.contains(expected), "{code}");
        }
    }
}
