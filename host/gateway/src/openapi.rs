//! `/openapi.json`: what the handlers say of themselves, and what holds for all of them.

use utoipa::OpenApi;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Ref, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Info, License, OpenApi as Document, RefOr, Required, Response, SecurityRequirement,
};

use crate::auth::ACCOUNT;
use crate::error::{ErrorBody, UnknownUrl};

/// What is said of the request's id.
const ID: &str = "Echoed, and in the logs, if it is like ^[a-z0-9-]{1,64}$; else another one is made";

/// What no handler names: it is added to them all.
#[derive(OpenApi)]
#[openapi(components(schemas(ErrorBody, UnknownUrl)))]
struct Everywhere;

/// The page without its routes.
pub(crate) fn about() -> Document {
    let mut document = Everywhere::openapi();
    let mut info = Info::new("Keepset", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Runtime inventory with a retention that can be explained. The API of Anchore Enterprise's inventory agents and \
         clients, and what Keepset adds to it."
            .to_owned(),
    );
    info.license = Some(License::new("Apache-2.0"));
    document.info = info;
    document
}

/// Adds what holds for every route that asks who you are: credentials, the account, the id, the refusals; and to every
/// refusal its body.
pub(crate) fn complete(mut document: Document) -> Document {
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.post, &mut item.delete, &mut item.put, &mut item.patch, &mut item.head];
        for operation in operations.into_iter().flatten() {
            complete_operation(operation);
        }
    }
    document
}

fn complete_operation(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(header("Anchore-Request-Id", ID)));
    if operation.security.is_none() {
        let description = "Another account than one's own; for admins";
        parameters.push(RefOr::T(header(ACCOUNT, description)));
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("basic", [])]);
        refuse(operation, "401", "Wrong credentials, or none");
        refuse(operation, "403", "Not in this account, or not in this role");
        refuse(operation, "404", "There is no such account");
        refuse(operation, "429", "Too many failed logins");
    }
    refuse(operation, "500", "Something is broken");
    refuse(operation, "503", "Not now");
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        match status.as_str() {
            "401" => {
                let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).build();
                response.content.insert("text/plain".to_owned(), RefOr::T(Content::new(Some(text))));
                response.headers.insert("WWW-Authenticate".to_owned(), RefOr::T(Header::default()));
            }
            refusal if refusal >= "400" && response.content.is_empty() => {
                let body = Content::new(Some(Ref::from_schema_name("ApiErrorResponse")));
                response.content.insert("application/json".to_owned(), RefOr::T(body));
            }
            _ => {}
        }
    }
}

/// Another way in which it can be refused, where it does not say so itself.
fn refuse(operation: &mut Operation, status: &str, description: &str) {
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
}

fn header(name: &str, description: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build()
}
